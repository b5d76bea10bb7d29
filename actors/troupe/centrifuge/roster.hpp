// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ROSTER: how many connections each user has, and which, for limits on them.
// Thread: its loop; one per loop, a user belongs to the one its name hashes to. Owner: the server.
// Bounded by: one entry per connection of a user. Ends when: it is told to exit.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/hosted.hpp>

#include <caf/system_messages.hpp>

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::centrifuge {

struct roster_options {
  /// What makes room for a connection of a user that has as many as it may.
  enum class surplus : std::uint8_t {
    refuse,    ///< Nothing: the new one is refused.
    close_old, ///< All others of the user close with connection_limit.
  };
  std::size_t max_connections = 0; ///< Of a user; 0: no limit.
  surplus when_full = surplus::refuse;
};

class roster_state {
public:
  static constexpr const char* name = "roster";
  using pointer = hosted_pointer<roster_actor, roster_state>;

  explicit roster_state(pointer self) : self_(self) {}

  roster_actor::behavior_type make_behavior(const roster_options& options);

private:
  enlisted on_enlist(const enlist& m);
  void on_down(const caf::down_msg& m);

  pointer self_;
  roster_options options_;
  std::unordered_map<std::string, std::vector<connection_actor>> by_user_;
  std::unordered_map<caf::actor_id, std::string> user_of_;
};

/// Spawn with spawn_on(host, roster, options).
roster_actor::behavior_type roster(roster_state::pointer self, roster_options options);

/// The roster of a user. `rosters`, by index of their loop, is not empty.
const roster_actor& roster_of(std::string_view user, std::span<const roster_actor> rosters);

} // namespace troupe::centrifuge
