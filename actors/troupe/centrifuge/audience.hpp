// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// AUDIENCE: what a channel's subscribers are taken together: which kinds of bytes they need and
// which shards they are on. Events are encoded once for each kind that is there, however many
// subscribers it has. Owner: the channel, on its thread. Bounded by: a few counts.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace troupe::centrifuge {

/// By encoding. None is null; they outlive who holds them.
using codec_set = std::array<const codec*, encoding_count>;

/// What matters of one subscriber.
struct listener {
  connection_handle where;
  encoding codec = encoding::json;
  bool delta = false;      ///< Negotiated deltas.
  bool join_leave = false; ///< Wants to know who comes and goes.
};

class audience {
public:
  audience(std::size_t shards, codec_set codecs) : codecs_(codecs), by_shard_(shards) {}

  /// `who.where.shard` must be one of the shards.
  void add(const listener& who) noexcept { count(who, 1); }
  void remove(const listener& who) noexcept { count(who, ~std::size_t{0}); }

  [[nodiscard]] bool wants_deltas() const noexcept;
  [[nodiscard]] bool wants_join_leave() const noexcept;
  /// Number of subscribers by index of the shard.
  [[nodiscard]] const std::vector<std::size_t>& by_shard() const noexcept { return by_shard_; }

  /// Fills in what was encoded of `event.publication`; as a delta too if it makes a smaller one to
  /// `previous`, which is null if there is to be none. `key` is for overflow::latest_per_key.
  void encode_publication(channel_event& event, const publication_ptr& previous, overflow policy,
                          const std::string& key) const;
  /// Fills in what was encoded of `event`, a join or leave of `who`.
  void encode_join_leave(channel_event& event, const client_info& who, overflow policy) const;

private:
  void count(const listener& who, std::size_t step) noexcept;
  [[nodiscard]] delivery_ptr encode(std::size_t as, const push& message, const channel_event& event,
                                    overflow policy, const std::string& key) const;

  codec_set codecs_;
  std::vector<std::size_t> by_shard_;
  // By encoding.
  std::array<std::size_t, encoding_count> plain_{};
  std::array<std::size_t, encoding_count> delta_{};
  std::array<std::size_t, encoding_count> join_leave_{};
};

} // namespace troupe::centrifuge
