// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// RESTARTS: decides when an actor that has failed is started again, and when no more.
// Thread: one, its owner's. Bounded by: restart_strategy::max_failures.
#pragma once
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

namespace troupe::hooks {

/// When an actor that failed is started again.
struct restart_strategy {
  std::chrono::milliseconds first_delay{0}; ///< Before a restart; 0: at once.
  std::chrono::milliseconds max_delay{0};   ///< The delay doubles, from 10 ms at least, up to this.
  std::size_t max_failures = 0;             ///< One more within `period` is the end; 0: there is no end.
  std::chrono::milliseconds period{60'000}; ///< Who lived so long starts afresh: first_delay again.

  /// Restarts for ever: at once, and in the end once a second if it fails again and again.
  static constexpr restart_strategy always() noexcept {
    return {.max_delay = std::chrono::seconds{1}};
  }
  /// Restarts for ever, at most once in `max`.
  static constexpr restart_strategy
  back_off(std::chrono::milliseconds first = std::chrono::milliseconds{100},
           std::chrono::milliseconds max = std::chrono::seconds{10}) noexcept {
    return {.first_delay = first, .max_delay = max};
  }
  /// Restarts at once, but gives up at more than `failures` within `period`.
  static constexpr restart_strategy
  give_up_after(std::size_t failures, std::chrono::milliseconds period) noexcept {
    return {.max_failures = failures, .period = period};
  }
};

class restarts {
public:
  using clock = std::chrono::steady_clock;

  explicit restarts(const restart_strategy& strategy) : strategy_(strategy) {}

  /// Another failure. @returns how long to wait before the restart; nothing: give up.
  std::optional<std::chrono::milliseconds> after_failure(clock::time_point now);

private:
  restart_strategy strategy_;
  std::chrono::milliseconds delay_{0};
  std::optional<clock::time_point> last_;
  std::deque<clock::time_point> recent_; // failures within the period, if they are limited
};

} // namespace troupe::hooks
