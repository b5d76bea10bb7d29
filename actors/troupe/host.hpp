// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HOST: an I/O loop as actors see it: the one thread on which its hosted actors run (hosted.hpp), with
// a clock, a timing wheel and counters. Everything but exec_later() is for that thread only.
#pragma once
#include <troupe/counters.hpp>
#include <troupe/timing_wheel.hpp>

#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>

#include <chrono>
#include <cstddef>

namespace troupe {

class host : public caf::execution_unit {
public:
  using clock = std::chrono::steady_clock;

  host(caf::actor_system& system, std::size_t index, clock::time_point now)
    : caf::execution_unit(&system), index_(index), now_(now), timers_(now) {}

  host(const host&) = delete;
  host& operator=(const host&) = delete;

  /// Position among the loops of its server, from 0.
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  /// Steady time, read at most once a turn.
  [[nodiscard]] clock::time_point now() noexcept {
    if (stale_) set_now(clock::now());
    return now_;
  }
  [[nodiscard]] timing_wheel& timers() noexcept { return timers_; }
  /// Writing is for the loop's thread; reading for any.
  [[nodiscard]] loop_counters& counters() noexcept { return counters_; }

protected:
  void set_now(clock::time_point now) noexcept {
    now_ = now;
    stale_ = false;
  }
  /// Time may have passed: the next now() asks the clock.
  void let_time_pass() noexcept { stale_ = true; }

private:
  std::size_t index_;
  clock::time_point now_;
  bool stale_ = false;
  timing_wheel timers_;
  loop_counters counters_;
};

} // namespace troupe
