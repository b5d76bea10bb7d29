// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include "bench/options.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace troupe::app::bench {

/// Decides when messages are sent. All times are ns since the run began.
/// An open loop sends message i at start + i * interval, and that is the time its latency counts
/// from, however late the server lets the generator send it: a stalled server cannot hide its own
/// delay.
class pacer {
public:
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  struct plan {
    std::uint64_t start = 0;
    std::uint64_t duration = 0;
    std::uint64_t count = 0; ///< Messages; 0: as many as fit in the duration.
    std::size_t window = 1;  ///< Closed loop, if interval is 0.
    double interval = 0;     ///< Open loop: ns between messages.
  };

  pacer() = default;
  explicit pacer(const plan& given) : plan_{given} {
    const bool is_open_loop = given.interval > 0;
    if (is_open_loop && plan_.count == 0)
      plan_.count = std::max<std::uint64_t>(
          1, static_cast<std::uint64_t>(static_cast<double>(given.duration) / given.interval));
    if (is_open_loop)
      plan_.window = max_in_flight;
  }

  /// @returns the time to stamp the next message with, or nothing if none may be sent at `now`.
  [[nodiscard]] std::optional<std::uint64_t> next(std::uint64_t now,
                                                  std::uint64_t in_flight) const {
    if (is_finished(now) || in_flight >= plan_.window)
      return std::nullopt;
    const auto due = due_time(now);
    return due <= now ? std::optional{due} : std::nullopt;
  }

  void sent() { ++sent_; }

  /// All messages are sent or, in a closed loop without a count, the time is over.
  [[nodiscard]] bool is_finished(std::uint64_t now) const {
    return plan_.count != 0 ? sent_ >= plan_.count : now >= plan_.start + plan_.duration;
  }

  /// When to ask again if nothing arrives before.
  [[nodiscard]] std::uint64_t wake_time(std::uint64_t now, std::uint64_t in_flight) const {
    if (is_finished(now))
      return never;
    if (plan_.interval > 0)
      return in_flight >= plan_.window ? never : due_time(now);
    return plan_.count != 0 ? never : plan_.start + plan_.duration;
  }

  /// Messages planned and not sent; 0 where the plan has no number.
  [[nodiscard]] std::uint64_t unsent() const {
    return plan_.count > sent_ ? plan_.count - sent_ : 0;
  }

private:
  [[nodiscard]] std::uint64_t due_time(std::uint64_t now) const {
    return plan_.interval > 0 ? plan_.start + static_cast<std::uint64_t>(plan_.interval *
                                                                         static_cast<double>(sent_))
                              : now;
  }

  plan plan_;
  std::uint64_t sent_ = 0;
};

} // namespace troupe::app::bench
