// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// VIEW: which nodes there are, as one of them sees it, and which of them a channel belongs to. Immutable: the ENGINE
// makes another one whenever something changes.
// Thread: any.
#pragma once
#include <troupe/cluster/peer_interface.hpp>

#include <caf/fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::cluster {

class view {
public:
  struct other {
    std::string uid;
    peer_actor who;
    bool owns = true;    ///< As of this node.
    bool settled = true; ///< It has given this node all streams of channels that belong to this one now.
  };

  /// @param connected Whether publications can reach all nodes. @param owns Whether this node can be an owner: not before it
  ///        has joined and not once it leaves, unless that is so of all.
  view(const std::string& self, std::vector<other> others, bool connected, bool owns = true);

  /// The node that a channel belongs to, by rendezvous hashing: when a node comes or goes, only channels move that
  /// belong to it. Null: to this node. One step for each node.
  [[nodiscard]] const peer_actor& owner_of(std::string_view channel) const noexcept;
  /// What decides it: of all nodes the one with the most has the channel. The same on all machines.
  [[nodiscard]] static std::uint64_t weight(std::string_view uid, std::string_view channel) noexcept;
  /// Whether an actor stands for another node.
  [[nodiscard]] bool is_peer(const caf::strong_actor_ptr& who) const noexcept;
  [[nodiscard]] const std::vector<peer_actor>& peers() const noexcept { return peers_; }
  /// Those that are not settled: they may have streams of channels that belong to this node.
  [[nodiscard]] const std::vector<peer_actor>& unsettled() const noexcept { return unsettled_; }
  /// Whether every channel belongs to the same node as there.
  [[nodiscard]] bool has_owners_of(const view& there) const noexcept;
  [[nodiscard]] bool connected() const noexcept { return connected_; }

private:
  struct candidate {
    std::uint64_t seed;
    peer_actor who; // null: this node
  };
  std::vector<candidate> candidates_; // in the order of the nodes that were given
  std::vector<peer_actor> peers_;
  std::vector<peer_actor> unsettled_;
  bool connected_;
};

} // namespace troupe::cluster
