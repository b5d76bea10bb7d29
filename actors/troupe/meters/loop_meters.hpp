// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LOOP METERS: everything that is measured on one loop. Shared by the loop, its actors and its readers,
// so that it outlives them all.
// Thread: written by the loop's, read by any.
#pragma once
#include <troupe/counters.hpp>
#include <troupe/meters/latency.hpp>
#include <troupe/meters/meter_slab.hpp>

#include <time.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string_view>

namespace troupe::meters {

/// Parts of a message's way, of which samples are taken.
enum class stage : std::uint8_t {
  ingress, ///< From the socket, or an actor, until the registry or a channel fans it out.
  mailbox, ///< From there into a connection's outbox.
  queue,   ///< From there until the kernel has taken it.
  socket,  ///< The last part of it: the batched system call that gives it to the kernel.
};
inline constexpr std::string_view stage_names[] = {"ingress", "mailbox", "queue", "socket"};
inline constexpr std::size_t stage_count = 4;

struct turn_meter {
  counter turns;
  counter wake_ups;      ///< By other threads, for actors that became ready.
  counter resumes;       ///< Of actors.
  counter batches;       ///< Batched sends.
  counter batched_sends; ///< Sockets in them.
  latency times;         ///< Of turns, without the wait and the handler that ended it.
  figure<std::int64_t> longest; ///< Of these, in nanoseconds.
};

struct loop_meters {
  explicit loop_meters(std::size_t index_, std::chrono::steady_clock::time_point born_)
    : index(static_cast<std::uint16_t>(index_)), born(born_), actors(std::make_shared<meter_slab>()) {}

  /// Processor time its thread has used; 0 while it does not run. Thread: any.
  [[nodiscard]] std::chrono::nanoseconds busy() const noexcept;

  const std::uint16_t index;
  const std::chrono::steady_clock::time_point born;
  loop_counters counters;
  turn_meter turns;
  std::array<latency, stage_count> stages;
  const std::shared_ptr<meter_slab> actors;
  const std::shared_ptr<meter_slab> elsewhere = std::make_shared<meter_slab>(); ///< Of actors on other threads.
  /// Clock of the loop's thread; no_clock while there is none. A reader may find it gone.
  static constexpr clockid_t no_clock = -1;
  std::atomic<clockid_t> processor_clock{no_clock};
};

} // namespace troupe::meters
