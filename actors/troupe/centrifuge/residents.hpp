// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// RESIDENTS: the subscribers of a channel that are on this node: monitored, counted, and members of their shards' sets.
// Owner: the channel or its mirror, on its thread. Bounded by: one entry for each.
#pragma once
#include <troupe/centrifuge/audience.hpp>
#include <troupe/centrifuge/fan_outs.hpp>

#include <caf/actor_addr.hpp>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::centrifuge {

class residents {
public:
  /// @param shards By index of their loop; outlive this. @param occupies Whether the channel counts as occupied by them;
  ///        patterns do not.
  residents(fan_outs::hosted_channel self, const std::vector<shard_actor>& shards, codec_set codecs, std::string channel,
            bool occupies)
    : self_(self), shards_(shards), audience_(shards.size(), codecs), channel_(std::move(channel)), occupies_(occupies) {}
  /// Counts them no more; their shards are told by others.
  ~residents();

  residents(const residents&) = delete;
  residents& operator=(const residents&) = delete;

  /// `as.where` must be of one of the shards. @param client Its connection ID.
  void add(const caf::actor_addr& who, const std::string& client, const listener& as);
  void remove(const caf::actor_addr& who, const listener& as);

  /// Connection ID; null: it is none of them.
  [[nodiscard]] const std::string* find(caf::actor_id who) const;
  [[nodiscard]] const audience& all() const noexcept { return audience_; }

private:
  fan_outs::hosted_channel self_;
  const std::vector<shard_actor>& shards_;
  audience audience_;
  std::string channel_;
  bool occupies_;
  std::unordered_map<caf::actor_id, std::string> by_actor_;
};

} // namespace troupe::centrifuge
