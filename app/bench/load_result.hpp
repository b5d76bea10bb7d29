// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include "bench/histogram.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace troupe::app::bench {

/// What a run measured. Counts of messages and deliveries are of the measured part; what went wrong
/// is counted over the whole run, warm-up included.
struct load_result {
  struct server_use {
    std::chrono::nanoseconds cpu{0};            ///< All threads, while measured.
    std::chrono::nanoseconds busiest_thread{0}; ///< The same of the thread that used most.
    std::size_t resident_before = 0;            ///< Bytes, before the first connection.
    std::size_t resident_open = 0; ///< Bytes, with all connections open and no load yet.
  };

  std::size_t workers = 0;
  std::size_t sources = 0;
  std::chrono::nanoseconds connect_time{0};
  std::chrono::nanoseconds elapsed{0};
  std::uint64_t messages = 0;
  std::uint64_t unsent = 0; ///< Planned and not sent: the server took no more.
  std::uint64_t deliveries = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t foreign = 0;
  std::uint64_t pings = 0;
  std::uint64_t slow_reset =
      0; ///< An orderly close does not show: it waits behind what they do not read.
  std::uint64_t cycles = 0;
  histogram latency;
  histogram on_arrival; ///< The same until the kernel had a delivery; empty if that was not asked.
  histogram handshake;
  std::optional<server_use> server;
  std::int64_t kernel_bytes = 0; ///< What the machine's kernel took while the connections opened.
  std::chrono::nanoseconds load_cpu{0}; ///< Of the generator's workers, while measured.

  /// Every message sent was delivered to everyone, once and in order.
  [[nodiscard]] bool is_faultless() const {
    return unsent == 0 && lost == 0 && duplicated == 0 && reordered == 0;
  }
};

} // namespace troupe::app::bench
