// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// RETRY SCHEDULE: how long to wait before what failed is tried again: twice as long each time, up to a bound,
// and half of it by chance, so that servers that failed together do not come back together.
#pragma once
#include <algorithm>
#include <chrono>
#include <random>

namespace troupe::net::events {

class retry_schedule {
public:
  using duration = std::chrono::milliseconds;

  retry_schedule(duration first, duration max, std::uint64_t seed) : first_(first), max_(max), chance_(seed) {}

  /// @returns the pause before the next try: from half of the full one to all of it.
  duration fail() {
    const auto full = std::min(max_, failures_ < 20 ? first_ * (1 << failures_) : max_);
    ++failures_;
    return duration{std::uniform_int_distribution<duration::rep>{full.count() / 2, full.count()}(chance_)};
  }
  void succeed() noexcept { failures_ = 0; }
  /// Since it succeeded last.
  [[nodiscard]] unsigned failures() const noexcept { return failures_; }

private:
  duration first_;
  duration max_;
  std::mt19937_64 chance_;
  unsigned failures_ = 0;
};

} // namespace troupe::net::events
