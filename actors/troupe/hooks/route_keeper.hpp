// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ROUTE KEEPER: stands between the connections of a WebSocket path and the actor that their messages go
// to. It monitors each connection, so that the actor hears of each end exactly once.
// Thread: its loop. Owner: the DIRECTORY spawns it, the server ends it. Bounded by: keeper_options; one
// entry for each connection. Ends when: told to exit, after the actor it keeps.
#pragma once
#include <troupe/hooks/keeper.hpp>
#include <troupe/hosted.hpp>

#include <unordered_map>

namespace troupe::hooks {

class route_keeper_state {
public:
  static constexpr const char* name = "route_keeper";
  using pointer = hosted_pointer<route_keeper_actor, route_keeper_state>;
  using settings = keeper<route_actor, pointer>::settings;

  explicit route_keeper_state(pointer self);

  route_keeper_actor::behavior_type make_behavior(settings with);

private:
  struct entry {
    visitor who;
    bool announced = false; // an actor has got its `opened`
  };

  caf::typed_response_promise<answer> on_opened(const opened& m);
  caf::typed_response_promise<answer> on_message(const message& m);
  void on_down(const caf::down_msg& m);
  void on_gave_up();

  pointer self_;
  keeper<route_actor, pointer> kept_;
  std::unordered_map<caf::actor_id, entry> visitors_;
};

/// Spawn with spawn_on(host, route_keeper, settings).
route_keeper_actor::behavior_type route_keeper(route_keeper_state::pointer self,
                                               route_keeper_state::settings with);

} // namespace troupe::hooks
