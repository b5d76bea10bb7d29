// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/user_keeper.hpp>

#include <caf/result.hpp>

#include <algorithm>
#include <utility>

namespace troupe::hooks {

user_keeper_state::user_keeper_state(pointer self)
  : self_(self), kept_(self), away_([](void* state) {
      auto* self_of = static_cast<user_keeper_state*>(state)->self_;
      self_of->send(self_of, grace_over{});
    }, this) {}

user_keeper_actor::behavior_type
user_keeper_state::make_behavior(settings with, user_hub_actor hub, std::chrono::milliseconds grace) {
  hub_ = std::move(hub);
  user_ = with.name;
  grace_ = grace;
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { kept_.on_down(m); });
  with.complete = [this](birth& born) {
    born.user = user_;
    for (const auto& [id, v] : visitors_)
      if (v.announced) born.present.push_back(v.who);
  };
  with.born = [this] { announce(); };
  with.rested = [this] { on_rested(); };
  kept_.start(std::move(with));
  return {
    [this](hand_over& m) { kept_.keep(m); },
    [this](const user_came& m) { on_came(m); },
    [this](const user_went& m) { on_went(m); },
    [this](const call& m) { return on_call(m); },
    [this](const letter& m) { return on_letter(m); },
    [this](const keeper_due&) { kept_.due(); },
    [this](const grace_over&) { on_grace_over(); },
  };
}

void user_keeper_state::on_came(const user_came& m) {
  const auto& who = *m.who;
  visitors_.try_emplace(who.id, entry{{who.id, m.by, {}, who.user, who.origin.peer, who.origin.over}});
  kept_.wake();
  announce();
  const auto client = who.id.to_string();
  for (auto& e : std::exchange(early_, {})) {
    if (e.what.from.client == client) ask(e.what, e.promise);
    else early_.push_back(std::move(e));
  }
  handled();
}

void user_keeper_state::announce() {
  if (!kept_.is_up()) return; // when there is an actor again
  for (auto& [id, v] : visitors_)
    if (!std::exchange(v.announced, true)) kept_.tell(opened{v.who});
}

void user_keeper_state::on_went(const user_went& m) {
  const auto gone = visitors_.extract(m.who->id);
  if (!gone.empty() && gone.mapped().announced) kept_.tell(closed{m.who->id, m.how});
  handled();
}

caf::typed_response_promise<call_result> user_keeper_state::on_call(const call& m) {
  auto promise = self_->make_response_promise<call_result>();
  const auto& client = m.from.client;
  const bool is_known = client.empty() || std::ranges::any_of(visitors_, [&](const auto& v) {
    return v.first.to_string() == client;
  });
  if (is_known) ask(m, promise);
  else early_.push_back({m, promise});
  handled();
  return promise;
}

void user_keeper_state::ask(const call& m, const caf::typed_response_promise<call_result>& promise) {
  kept_.ask_for(promise, m, sizeof(call) + m.data.bytes.size());
}

caf::result<call_result> user_keeper_state::on_letter(const letter& m) {
  handled();
  if (visitors_.empty() && !kept_.is_up())
    return call_result::fail(centrifuge::error_code::not_available);
  return kept_.ask<call_result>(m, sizeof(letter) + m.data.bytes.size());
}

// -- the end ---------------------------------------------------------------------------------------

void user_keeper_state::handled() {
  ++handled_;
  if (visitors_.empty()) self_->home().timers().arm(away_, self_->home().now() + grace_);
  else away_.cancel();
}

void user_keeper_state::on_grace_over() {
  if (!visitors_.empty()) return; // back at the last moment
  for (auto& e : std::exchange(early_, {})) e.promise.deliver(caf::make_error(failure::failed)); // gone
  if (kept_.is_asked()) self_->home().timers().arm(away_, self_->home().now() + grace_);
  else kept_.rest();
}

void user_keeper_state::on_rested() {
  self_->send(hub_, user_idle{user_, handled_});
}

user_keeper_actor::behavior_type user_keeper(user_keeper_state::pointer self,
                                             user_keeper_state::settings with, user_hub_actor hub,
                                             std::chrono::milliseconds grace) {
  return self->state.make_behavior(std::move(with), std::move(hub), grace);
}

} // namespace troupe::hooks
