// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// NAMESPACE KEEPER: stands between the channels of a namespace and the actor that has a say in them. Knows
// who is subscribed, so that an actor that replaces one that failed learns it.
// Thread: its loop. Owner: the DIRECTORY spawns it, the server ends it. Bounded by: keeper_options; one
// entry for each subscription. Ends when: told to exit, after the actor it keeps.
#pragma once
#include <troupe/hooks/keeper.hpp>
#include <troupe/hosted.hpp>

#include <string>
#include <unordered_map>

namespace troupe::hooks {

class namespace_keeper_state {
public:
  static constexpr const char* name = "namespace_keeper";
  using pointer = hosted_pointer<namespace_keeper_actor, namespace_keeper_state>;
  using settings = keeper<namespace_actor, pointer>::settings;

  explicit namespace_keeper_state(pointer self);

  namespace_keeper_actor::behavior_type make_behavior(settings with);

private:
  using by_client = std::unordered_map<std::string, centrifuge::client_info>;

  void on_entered(const entered& m);
  void on_left(const left& m);
  void on_lost(const channel_lost& m);
  void complete(birth& born) const;
  void on_gave_up();

  pointer self_;
  keeper<namespace_actor, pointer> kept_;
  centrifuge::channels channels_;
  std::unordered_map<std::string, by_client> members_; // by channel
};

/// Spawn with spawn_on(host, namespace_keeper, settings).
namespace_keeper_actor::behavior_type namespace_keeper(namespace_keeper_state::pointer self,
                                                       namespace_keeper_state::settings with);

} // namespace troupe::hooks
