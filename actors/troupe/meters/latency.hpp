// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LATENCY: a histogram of one loop with fixed limits: powers of two from 1 µs on.
// Thread: one writer; any may read.
#pragma once
#include <troupe/counters.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>

namespace troupe::meters {

class latency {
public:
  static constexpr std::size_t buckets = 24; ///< The last has no limit.

  /// Of bucket i.
  static constexpr std::chrono::nanoseconds limit(std::size_t i) noexcept {
    return std::chrono::microseconds{std::uint64_t{1} << i};
  }

  void add(std::chrono::nanoseconds t) noexcept {
    const auto ns = static_cast<std::uint64_t>(t.count() < 0 ? 0 : t.count());
    const auto wide = static_cast<std::size_t>(std::bit_width(ns == 0 ? 0 : (ns - 1) / 1000));
    counts_[wide < buckets ? wide : buckets - 1].add();
    sum_.add(ns);
  }

  /// Times of at most limit(i) and more than limit(i - 1).
  [[nodiscard]] std::uint64_t count(std::size_t i) const noexcept { return counts_[i].value(); }
  [[nodiscard]] std::chrono::nanoseconds sum() const noexcept {
    return std::chrono::nanoseconds{static_cast<std::int64_t>(sum_.value())};
  }

private:
  std::array<counter, buckets> counts_;
  counter sum_;
};

} // namespace troupe::meters
