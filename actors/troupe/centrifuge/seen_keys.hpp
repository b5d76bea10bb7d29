// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SEEN KEYS: what publications with an idempotency key were answered, so that one that is sent again
// is not published again. Owner: the channel, on its thread. Time is told by the caller. Bounded by:
// max_keys, of which the oldest is forgotten first.
#pragma once
#include <troupe/centrifuge/history.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::centrifuge {

class seen_keys {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kept{300};
  static constexpr std::size_t max_keys = 16'384; ///< Of one channel.

  /// What was answered, or null if the key was not seen lately. Holds until the next call.
  const stream_position* find(const std::string& key, time_point now);
  /// `key` must not be one that find() knows.
  void add(std::string key, stream_position answer, time_point now);
  /// All that find() knows, oldest first.
  std::vector<stream_key> all(time_point now);
  /// When the last key is due to be forgotten.
  time_point forgotten_at() const noexcept;

private:
  struct seen {
    std::string key;
    time_point when;
  };
  void forget_old(time_point now);
  void forget_oldest();

  std::unordered_map<std::string, stream_position> answers_;
  std::deque<seen> order_; // oldest first
};

} // namespace troupe::centrifuge
