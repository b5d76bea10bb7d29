// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// METER BLOCK: the figures of one actor, written plainly by its loop while others read.
// Thread: writing is for the actor's loop, but for what is said otherwise. Owner: a METER SLAB; the
// actor has it from its construction to its destruction.
#pragma once
#include <troupe/inspect/actor_kind.hpp>
#include <troupe/meters/figure.hpp>
#include <troupe/meters/handler_times.hpp>
#include <troupe/meters/identity.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <typeinfo>

namespace troupe::meters {

/// Of an actor that has a transport. Times are those of host::clock, in nanoseconds.
struct connection_meter {
  figure<std::uint64_t> queue_bytes;
  figure<std::uint64_t> unsent_bytes; ///< Data that was dropped because it closed.
  figure<std::int64_t> oldest_queued_at; ///< When the front of the queue was made; 0: it is empty.
  figure<std::uint64_t> bytes_in;
  figure<std::uint64_t> messages_in;
  figure<std::uint64_t> dropped;
  figure<std::uint64_t> conflated;
  figure<std::int64_t> active_at; ///< Last message of the client; 0: none yet.
  figure<std::int64_t> rtt;       ///< In nanoseconds, as the next two; 0: not measured yet.
  figure<std::int64_t> rtt_min;
  figure<std::int64_t> rtt_max;
  figure<std::uint32_t> queue_messages;
  figure<std::uint32_t> unsent_messages;
  figure<std::uint32_t> subscriptions;
  // Written with each delivery, as the first figures of meter_block, which follow.
  figure<std::uint64_t> queue_peak_bytes;
  figure<std::uint64_t> bytes_out;
  figure<std::uint64_t> messages_out;

  void measured_rtt(std::chrono::nanoseconds t) noexcept {
    rtt.set(t.count());
    if (rtt_min.mine() == 0 || t.count() < rtt_min.mine()) rtt_min.set(t.count());
    rtt_max.raise_to(t.count());
  }
};

struct channel_meter {
  figure<std::uint64_t> publications;
  figure<std::uint64_t> bytes_in;
  figure<std::uint64_t> offset;
  figure<std::uint64_t> pending_bytes;
  figure<std::uint32_t> subscribers;
  figure<std::uint32_t> history;
};

class meter_block {
public:
  /// A message comes from the actor's own loop.
  void enqueued_here() noexcept {
    if constexpr (!enabled) return;
    enqueued_here_.add();
  }
  /// A message comes from elsewhere. Thread: any.
  void enqueued_elsewhere() noexcept {
    if constexpr (!enabled) return;
    enqueued_elsewhere_.fetch_add(1, std::memory_order_relaxed);
  }
  void handled(const std::type_info* message, std::uint64_t in_ticks) noexcept {
    peak_.raise_to(waiting()); // a mailbox is never longer than before a message leaves it
    handled_.add();
    last_message_.set(message);
    busy_.add(in_ticks);
    times_[bucket_of(in_ticks)].add();
  }
  void failed() noexcept { errors_.add(); }
  /// Where what messages and deliveries write begins: so many bytes are worth fetching ahead.
  static constexpr std::size_t often_written_bytes = 128;
  [[nodiscard]] const void* often_written() const noexcept { return &connection.queue_peak_bytes; }

  /// What the actor is and is called; it may change while it lives.
  void become(inspection::actor_kind kind) noexcept { kind_.put(kind); }
  [[nodiscard]] inspection::actor_kind kind() const noexcept { return kind_.value(); }
  /// As it is shown. Owner only, for others may find it freed.
  [[nodiscard]] const identity* who() const noexcept { return identity_.load(std::memory_order_relaxed); }
  [[nodiscard]] const char* name() const noexcept { return name_.value() ? name_.value() : ""; }

  channel_meter channel;       ///< Of kind channel only.
  connection_meter connection; ///< Of kind connection only.

  /// Most messages that were ever in its mailbox. Thread: any.
  [[nodiscard]] std::uint32_t mailbox_peak() const noexcept {
    return std::max(peak_.value(), waiting());
  }
  /// Messages in its mailbox. Thread: any.
  [[nodiscard]] std::uint32_t waiting() const noexcept {
    const auto left = handled_.value(); // first: what comes meanwhile must not make it negative
    const auto came = enqueued_here_.value() + enqueued_elsewhere_.load(std::memory_order_acquire);
    return came > left ? static_cast<std::uint32_t>(came - left) : 0;
  }

  static constexpr std::size_t bucket_of(std::uint64_t in_ticks) noexcept {
    constexpr auto shortest = (std::uint64_t{1} << first_bucket_bits) - 1;
    const auto wide = static_cast<std::size_t>(std::bit_width(in_ticks | shortest)) - first_bucket_bits;
    return std::min(wide, handler_times::buckets - 1);
  }
  static constexpr unsigned first_bucket_bits = 8; // below 256 ticks: about 0.1 µs

private:
  friend class meter_slab;
  friend class meter_reader;

  void reset() noexcept;

  // Written with each message: side by side, for with many actors each cache line is a miss.
  figure<std::uint64_t> handled_;
  figure<std::uint64_t> enqueued_here_;
  std::atomic<std::uint64_t> enqueued_elsewhere_{0}; // by other threads
  figure<std::uint64_t> busy_; // ticks
  figure<const std::type_info*> last_message_;
  figure<std::uint32_t> peak_;
  figure<std::uint32_t> errors_;
  std::array<figure<std::uint32_t>, handler_times::buckets> times_;
  // Identity. Odd while an actor is to be seen; it grows with each that comes or goes.
  std::atomic<std::uint32_t> sequence_{0};
  std::uint32_t number_ = 0;                 // in its slab; constant
  std::atomic<std::uint32_t> next_free_{0};  // number + 1
  figure<inspection::actor_kind> kind_;
  figure<std::uint64_t> id_;
  figure<std::int64_t> born_; // nanoseconds of host::clock
  figure<const char*> name_;
  std::atomic<const identity*> identity_{nullptr};
};

} // namespace troupe::meters
