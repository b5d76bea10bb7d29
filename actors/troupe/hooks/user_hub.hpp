// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// USER HUB: the users of one loop by name. Gives each who is online a keeper, and so an actor, and lets it go
// when the user has been away for a while, without losing a message.
// Thread: its loop. Owner: the DIRECTORY spawns it, the server ends it. Bounded by: user_hook::max_users.
// Ends when: it is told to exit, after its keepers.
#pragma once
#include <troupe/hooks/extensions.hpp>
#include <troupe/hooks/user_keeper.hpp>
#include <troupe/hosted.hpp>

#include <caf/result.hpp>

#include <string>
#include <unordered_map>

namespace troupe::hooks {

class user_hub_state {
public:
  static constexpr const char* name = "user_hub";
  using pointer = hosted_pointer<user_hub_actor, user_hub_state>;

  /// `name` in the keepers' settings is set by the hub.
  struct settings {
    user_hook hook;
    user_keeper_state::settings keepers;
  };

  explicit user_hub_state(pointer self) : self_(self) {}

  user_hub_actor::behavior_type make_behavior(settings with);

private:
  struct entry {
    user_keeper_actor who;
    std::uint64_t forwarded = 0;
  };

  caf::result<call_result> on_letter(letter& m);
  caf::result<call_result> on_call(call& m);
  void on_came(const user_came& m);
  void on_went(const user_went& m);
  void on_idle(const user_idle& m);
  void on_down(const caf::down_msg& m);
  void on_exit(const caf::exit_msg& m);

  /// The keeper of a user, spawned if need be; null if there may be no more.
  entry* find_or_spawn(const std::string& user);

  pointer self_;
  settings with_;
  std::unordered_map<std::string, entry> users_;
  std::unordered_map<caf::actor_id, std::string> by_actor_; // no name: it has leave to go
  caf::error ending_; // why, once told to exit
};

/// Spawn with spawn_on(host, user_hub, settings).
user_hub_actor::behavior_type user_hub(user_hub_state::pointer self, user_hub_state::settings with);

} // namespace troupe::hooks
