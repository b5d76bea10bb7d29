// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TRACE: what an operator wants to see of one connection, user, channel or actor while it happens, and how much
// of it. Loops write events, one reader takes them.
// Thread: see() on loops, the rest on its reader's; neither waits for the other. Owner: both. Bounded by: an
// EVENT RING for each loop, beyond which events are counted as dropped. Ends: at a limit, or when it is stopped.
#pragma once
#include <troupe/tracing/event_ring.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::tracing {

struct trace_options {
  enum class subject : std::uint8_t { connection, user, channel, actor };

  subject of = subject::actor;
  client_id connection{};
  std::string name;        ///< Of a user or a channel.
  std::uint64_t actor = 0;
  std::optional<direction> only;
  std::string match;       ///< In the payload; empty: whatever.
  bool payload = false;    ///< Whether payloads are shown.
  std::uint64_t max_events = 100;
  std::uint32_t max_per_second = 0; ///< More end the trace; 0: any number.
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
};

/// Why there is nothing more to see.
enum class trace_end : std::uint8_t { none, enough, too_fast, time_over, stopped };

class trace {
public:
  trace(trace_options options, std::size_t loops) : options_{std::move(options)}, rings_(loops) {}

  /// Keeps it, if it is asked for and there is room. `loop` is the caller's.
  void see(std::size_t loop, const sighting& what) noexcept;

  /// Why it is over, if it is.
  [[nodiscard]] trace_end ended() const noexcept { return end_.load(std::memory_order_acquire); }
  void stop(trace_end why) noexcept;

  /// Calls `visit(event)` for at most `most` of each loop.
  template <class F>
  void take(std::size_t most, F visit) {
    for (auto& ring : rings_) ring.take(most, visit);
  }
  [[nodiscard]] const trace_options& options() const noexcept { return options_; }
  /// Events that the reader was too slow for.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

private:
  [[nodiscard]] bool is_asked_for(const sighting& what) const noexcept;
  [[nodiscard]] bool is_too_fast(std::chrono::steady_clock::time_point now) noexcept;

  const trace_options options_;
  std::vector<event_ring> rings_; // by loop
  std::atomic<trace_end> end_{trace_end::none};
  std::atomic<std::uint64_t> seen_{0};
  std::atomic<std::uint64_t> pace_{0}; // a second, and how many came in it
  std::atomic<std::uint64_t> dropped_{0};
};

} // namespace troupe::tracing
