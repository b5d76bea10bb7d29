// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a node has seen of the others. Several writers, any number of readers.
#pragma once
#include <atomic>
#include <cstdint>

namespace troupe::cluster {

/// Counts, from several threads.
class shared_counter {
public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// Of one node, since its start.
struct counters {
  shared_counter connected;      ///< 1 while the broker can be reached.
  shared_counter nodes;          ///< Others that this one knows now.
  shared_counter packets_in;     ///< From other nodes.
  shared_counter packets_out;    ///< To them.
  shared_counter bytes_in;       ///< Of packets_in.
  shared_counter bytes_out;      ///< Of packets_out.
  shared_counter dropped;        ///< Packets that there was no room for, or no broker.
  shared_counter malformed;      ///< Messages that are no packets.
  shared_counter sessions_lost;  ///< Times that something of another node was missing, or it was gone.
  shared_counter questions_lost; ///< Questions to other nodes that were not answered.
  shared_counter disconnects;    ///< Times that the broker was lost.
};

} // namespace troupe::cluster
