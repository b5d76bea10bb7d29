// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// USER KEEPER: stands between a user's connections and the actor of that user, which it lets go when the user
// has been away for a while.
// Thread: its loop. Owner: its USER HUB. Bounded by: keeper_options; one entry for each connection of the
// user. Ends when: its hub says so, after the actor it keeps.
#pragma once
#include <troupe/hooks/keeper.hpp>
#include <troupe/hosted.hpp>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace troupe::hooks {

class user_keeper_state {
public:
  static constexpr const char* name = "user_keeper";
  using pointer = hosted_pointer<user_keeper_actor, user_keeper_state>;
  using settings = keeper<user_actor, pointer>::settings;

  explicit user_keeper_state(pointer self);

  user_keeper_actor::behavior_type make_behavior(settings with, user_hub_actor hub,
                                                 std::chrono::milliseconds grace);

private:
  struct entry {
    visitor who;
    bool announced = false; // the actor has got its `opened`
  };
  // A client calls by a shorter way than its shard tells of it.
  struct early_call {
    call what;
    caf::typed_response_promise<call_result> promise;
  };

  void on_came(const user_came& m);
  void on_went(const user_went& m);
  caf::typed_response_promise<call_result> on_call(const call& m);
  void ask(const call& m, const caf::typed_response_promise<call_result>& promise);
  caf::result<call_result> on_letter(const letter& m);
  void on_grace_over();
  void on_rested();
  void announce();
  /// A message of the hub is handled.
  void handled();

  pointer self_;
  keeper<user_actor, pointer> kept_;
  user_hub_actor hub_; // outlives it
  std::string user_;
  std::chrono::milliseconds grace_{0};
  timer away_;
  std::map<client_id, entry> visitors_;
  std::vector<early_call> early_; // at most one of each client
  std::uint64_t handled_ = 0;
};

/// Spawned by its hub. The name in the settings is the user's.
user_keeper_actor::behavior_type user_keeper(user_keeper_state::pointer self,
                                             user_keeper_state::settings with, user_hub_actor hub,
                                             std::chrono::milliseconds grace);

} // namespace troupe::hooks
