// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WAY SAMPLER: decides which deliveries of a loop are followed on their way, and records how long they
// took. What is followed in an outbox, the outbox remembers.
// Thread: its loop's.
#pragma once
#include <troupe/delivery.hpp>
#include <troupe/meters/loop_meters.hpp>

#include <chrono>
#include <cstddef>

namespace troupe::meters {

class way_sampler {
public:
  using clock = std::chrono::steady_clock;
  /// Fan-outs are sampled at most so often.
  static constexpr std::chrono::milliseconds interval{100};
  /// Of the connections a sampled delivery goes to, one in so many is followed, the first included.
  static constexpr std::size_t one_in = 16;

  explicit way_sampler(loop_meters& into) noexcept : into_(into) {}

  /// Whether a sample is due. `now` may be a little old.
  [[nodiscard]] bool due(clock::time_point now) noexcept {
    if constexpr (!enabled) return false;
    if (now < next_) return false;
    next_ = now + interval;
    return true;
  }
  /// A delivery is about to be fanned out: it is a sample from now on.
  void fanned_out(const delivery& what) noexcept;
  /// A sample is in an outbox. @returns when, if it is to be followed there, or nothing (the epoch).
  [[nodiscard]] clock::time_point queued(const delivery& what) noexcept;
  /// The kernel has taken one that was followed.
  void left(clock::time_point queued_at) noexcept;

private:
  latency& of(stage part) noexcept { return into_.stages[static_cast<std::size_t>(part)]; }

  loop_meters& into_;
  clock::time_point next_{};
  const delivery* last_ = nullptr; // only compared
  std::size_t seen_ = 0;
};

} // namespace troupe::meters
