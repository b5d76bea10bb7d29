// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/user_hub.hpp>

#include <caf/exit_reason.hpp>

#include <utility>

namespace troupe::hooks {

user_hub_actor::behavior_type user_hub_state::make_behavior(settings with) {
  with_ = std::move(with);
  self_->meter()->become(inspection::actor_kind::hub);
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  self_->set_exit_handler([this](const caf::exit_msg& m) { on_exit(m); });
  // Requests are taken by reference to pass them on without a copy: nobody shares them.
  return {
    [this](letter& m) { return on_letter(m); },
    [this](call& m) { return on_call(m); },
    [this](const user_came& m) { on_came(m); },
    [this](const user_went& m) { on_went(m); },
    [this](const user_idle& m) { on_idle(m); },
  };
}

caf::result<call_result> user_hub_state::on_letter(letter& m) {
  const auto found = users_.find(m.to);
  if (found == users_.end()) return call_result::fail(centrifuge::error_code::not_available);
  ++found->second.forwarded;
  return self_->delegate(found->second.who, std::move(m));
}

caf::result<call_result> user_hub_state::on_call(call& m) {
  auto* to = find_or_spawn(m.from.user);
  if (!to) return call_result::fail(centrifuge::error_code::not_available);
  ++to->forwarded;
  return self_->delegate(to->who, std::move(m));
}

void user_hub_state::on_came(const user_came& m) {
  auto* to = find_or_spawn(m.who->user);
  if (!to) return;
  ++to->forwarded;
  self_->send(to->who, m);
}

void user_hub_state::on_went(const user_went& m) {
  const auto found = users_.find(m.who->user);
  if (found == users_.end()) return;
  ++found->second.forwarded;
  self_->send(found->second.who, m);
}

user_hub_state::entry* user_hub_state::find_or_spawn(const std::string& user) {
  if (const auto found = users_.find(user); found != users_.end()) return &found->second;
  if (ending_) return nullptr;
  auto& counters = self_->home().counters();
  if (users_.size() >= with_.hook.max_users) {
    counters.users_refused.add();
    return nullptr;
  }
  auto of_user = with_.keepers;
  of_user.name = user;
  auto who = spawn_on(self_->home(), user_keeper, std::move(of_user), user_hub_actor{self_},
                      with_.hook.grace);
  self_->monitor(who);
  counters.users.add();
  by_actor_.emplace(who.id(), user);
  return &users_.emplace(user, entry{std::move(who)}).first->second;
}

// -- the end ---------------------------------------------------------------------------------------

void user_hub_state::on_idle(const user_idle& m) {
  const auto found = users_.find(m.user);
  if (found == users_.end() || found->second.who != self_->current_sender()) return;
  if (found->second.forwarded != m.handled) return; // it is about to be used again
  self_->send_exit(found->second.who, caf::exit_reason::user_shutdown);
  by_actor_[found->second.who.id()].clear();
  users_.erase(found);
  self_->home().counters().users.subtract();
}

void user_hub_state::on_down(const caf::down_msg& m) {
  const auto ended = by_actor_.extract(m.source.id());
  if (!ended.empty() && users_.erase(ended.mapped()) != 0) // killed
    self_->home().counters().users.subtract();
  if (ending_ && by_actor_.empty()) self_->quit(ending_);
}

void user_hub_state::on_exit(const caf::exit_msg& m) {
  ending_ = m.reason ? m.reason : caf::make_error(caf::exit_reason::user_shutdown);
  if (by_actor_.empty()) return self_->quit(ending_);
  for (const auto& [user, at] : users_) self_->send_exit(at.who, ending_);
}

user_hub_actor::behavior_type user_hub(user_hub_state::pointer self, user_hub_state::settings with) {
  return self->state.make_behavior(std::move(with));
}

} // namespace troupe::hooks
