// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TICKS: the cheapest clock there is, for times that are taken around every message: the processor's
// own counter where it has one that is constant. Only differences mean something.
#pragma once
#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace troupe::meters {

inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

/// Length of a tick, measured since the program started: the longer that is ago, the better. Thread: any.
double ns_per_tick() noexcept;

inline std::chrono::nanoseconds to_time(std::uint64_t some_ticks) noexcept {
  return std::chrono::nanoseconds{
    static_cast<std::int64_t>(static_cast<double>(some_ticks) * ns_per_tick())};
}

} // namespace troupe::meters
