// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TIMING WHEEL: the deadlines of all connections of a loop. Arming, moving and cancelling cost O(1) and
// no allocation, so a deadline that is pushed back at every message costs next to nothing.
// Thread: its loop's only. A timer fires up to one tick late, never early.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace troupe {

class timing_wheel;

/// A deadline that calls back once. Cancels itself when destroyed. Must not outlive its wheel while armed.
class timer {
public:
  using callback = void (*)(void* owner);

  timer(callback fire, void* owner) noexcept : fire_(fire), owner_(owner) {}
  ~timer() { cancel(); }
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  [[nodiscard]] bool armed() const noexcept { return wheel_ != nullptr; }
  void cancel() noexcept;

private:
  friend class timing_wheel;
  timer* next_ = nullptr;
  timer** link_ = nullptr; // what points at this timer
  timing_wheel* wheel_ = nullptr;
  std::uint64_t due_ = 0; // tick
  callback fire_;
  void* owner_;
};

class timing_wheel {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds tick{32};

  explicit timing_wheel(clock::time_point now) noexcept;

  /// Arms or moves a timer. A deadline that has passed fires at the next advance().
  void arm(timer& t, clock::time_point deadline) noexcept;

  /// Fires all that is due, in order of ticks. Callbacks may arm, cancel and destroy any timer.
  void advance(clock::time_point now);

  /// When advance() should be called next; nothing while no timer is armed. May be too early after a
  /// timer was cancelled.
  [[nodiscard]] std::optional<clock::time_point> next() const noexcept;

  [[nodiscard]] std::size_t armed() const noexcept { return armed_; }

private:
  friend class timer;
  static constexpr std::size_t slots = 2048; // 65 s a turn; later deadlines wait for their turn
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  void insert(timer*& head, timer& t) noexcept;
  [[nodiscard]] std::uint64_t next_occupied_after(std::uint64_t tick_number) const noexcept;
  [[nodiscard]] clock::time_point time_of(std::uint64_t tick_number) const noexcept;

  clock::time_point start_;
  std::uint64_t now_ = 0;       // last tick that was fired
  std::uint64_t next_ = never;  // first tick that may have a timer
  std::size_t armed_ = 0;
  std::array<timer*, slots> heads_{};
};

} // namespace troupe
