// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HANDLER TIMES: how long an actor's handlers took, in powers of two. A plain value.
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe::meters {

struct handler_times {
  /// Bucket i holds times below limit(i), the last one all others.
  static constexpr std::size_t buckets = 24;

  std::array<std::uint32_t, buckets> counts{}; ///< May wrap around after 2^32 messages of one bucket.
  double first_limit_ns = 1;                   ///< Of bucket 0; each next limit is twice as much.

  [[nodiscard]] double limit_ns(std::size_t bucket) const noexcept {
    return first_limit_ns * static_cast<double>(std::uint64_t{1} << bucket);
  }

  [[nodiscard]] std::uint64_t total() const noexcept {
    std::uint64_t n = 0;
    for (const auto c : counts) n += c;
    return n;
  }

  /// The time that the share `q` (0 to 1) of the handlers stayed below: exact to a factor of two. 0 if
  /// none has run.
  [[nodiscard]] std::chrono::nanoseconds quantile(double q) const noexcept {
    const auto all = total();
    if (all == 0) return {};
    const auto wanted = q * static_cast<double>(all);
    std::uint64_t below = 0;
    std::size_t i = 0;
    for (; i + 1 < buckets; ++i)
      if (below += counts[i]; static_cast<double>(below) >= wanted) break;
    return std::chrono::nanoseconds{static_cast<std::int64_t>(limit_ns(i))};
  }

  /// What came since `before`, an earlier reading of the same actor.
  [[nodiscard]] handler_times since(const handler_times& before) const noexcept {
    auto d = *this;
    for (std::size_t i = 0; i < buckets; ++i) d.counts[i] -= before.counts[i];
    return d;
  }
};

} // namespace troupe::meters
