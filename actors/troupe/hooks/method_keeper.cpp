// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/method_keeper.hpp>

#include <utility>

namespace troupe::hooks {

method_keeper_state::method_keeper_state(pointer self) : self_(self), kept_(self) {}

method_keeper_actor::behavior_type method_keeper_state::make_behavior(settings with) {
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { kept_.on_down(m); });
  kept_.start(std::move(with));
  return {
    [this](hand_over& m) { kept_.keep(m); },
    [this](const call& m) {
      return kept_.ask<call_result>(m, sizeof(call) + m.data.bytes.size());
    },
    [this](const keeper_due&) { kept_.due(); },
  };
}

method_keeper_actor::behavior_type method_keeper(method_keeper_state::pointer self,
                                                 method_keeper_state::settings with) {
  return self->state.make_behavior(std::move(with));
}

} // namespace troupe::hooks
