// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// FIGURE: a number with one writing thread that others read. Unlike COUNTER, reads and the writes of
// put() order what is around them, so that a reader of several can tell whether they belong together.
#pragma once
#include <atomic>

namespace troupe::meters {

/// Whether handlers and queues are measured at all: the build option TROUPE_METERS, for comparison.
#ifndef TROUPE_METERS
#define TROUPE_METERS 1
#endif
inline constexpr bool enabled = TROUPE_METERS != 0;

template <class T>
class figure {
public:
  /// Writer only. A plain move.
  void set(T value) noexcept {
    if constexpr (enabled) value_.store(value, std::memory_order_relaxed);
  }
  void add(T n = 1) noexcept { set(mine() + n); }
  void raise_to(T value) noexcept {
    if (mine() < value) set(value);
  }
  [[nodiscard]] T mine() const noexcept { return value_.load(std::memory_order_relaxed); }

  /// Any thread.
  [[nodiscard]] T value() const noexcept { return value_.load(std::memory_order_acquire); }
  /// Whoever has the block it is in for himself.
  void put(T value) noexcept { value_.store(value, std::memory_order_release); }

private:
  std::atomic<T> value_{};
};

} // namespace troupe::meters
