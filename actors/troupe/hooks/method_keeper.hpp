// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// METHOD KEEPER: stands between those who call a method and the actor that answers.
// Thread: its loop. Owner: the DIRECTORY spawns it, the server ends it. Bounded by: keeper_options. Ends
// when: told to exit, after the actor it keeps.
#pragma once
#include <troupe/hooks/keeper.hpp>
#include <troupe/hosted.hpp>

namespace troupe::hooks {

class method_keeper_state {
public:
  static constexpr const char* name = "method_keeper";
  using pointer = hosted_pointer<method_keeper_actor, method_keeper_state>;
  using settings = keeper<method_actor, pointer>::settings;

  explicit method_keeper_state(pointer self);

  method_keeper_actor::behavior_type make_behavior(settings with);

private:
  pointer self_;
  keeper<method_actor, pointer> kept_;
};

/// Spawn with spawn_on(host, method_keeper, settings).
method_keeper_actor::behavior_type method_keeper(method_keeper_state::pointer self,
                                                 method_keeper_state::settings with);

} // namespace troupe::hooks
