// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/route_keeper.hpp>

#include <utility>

namespace troupe::hooks {

route_keeper_state::route_keeper_state(pointer self) : self_(self), kept_(self) {}

route_keeper_actor::behavior_type route_keeper_state::make_behavior(settings with) {
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  with.complete = [this](birth& born) {
    for (const auto& [id, v] : visitors_)
      if (v.announced) born.present.push_back(v.who);
  };
  with.gave_up = [this] { on_gave_up(); };
  kept_.start(std::move(with));
  return {
    [this](hand_over& m) { kept_.keep(m); },
    [this](const opened& m) { return on_opened(m); },
    [this](const message& m) { return on_message(m); },
    [this](const keeper_due&) { kept_.due(); },
  };
}

caf::typed_response_promise<answer> route_keeper_state::on_opened(const opened& m) {
  const auto who = m.what.who.id();
  visitors_.emplace(who, entry{m.what});
  self_->monitor(m.what.who);
  return kept_.ask<answer>(m, sizeof(visitor), [this, who] {
    const auto found = visitors_.find(who);
    if (found == visitors_.end()) return false; // it came and went while there was no actor
    return found->second.announced = true;
  });
}

caf::typed_response_promise<answer> route_keeper_state::on_message(const message& m) {
  const auto who = self_->current_sender()->id();
  return kept_.ask<answer>(m, sizeof(message) + m.what.bytes().size(),
                           [this, who] { return visitors_.contains(who); });
}

void route_keeper_state::on_down(const caf::down_msg& m) {
  if (kept_.on_down(m)) return;
  const auto gone = visitors_.extract(m.source.id());
  if (gone.empty() || !gone.mapped().announced) return;
  kept_.tell(closed{gone.mapped().who.id, record_of(m.reason)});
}

void route_keeper_state::on_gave_up() {
  for (const auto& [id, v] : visitors_)
    self_->send(v.who.who, close_connection{close_status::of(close_reason::extension_failed)});
}

route_keeper_actor::behavior_type route_keeper(route_keeper_state::pointer self,
                                               route_keeper_state::settings with) {
  return self->state.make_behavior(std::move(with));
}

} // namespace troupe::hooks
