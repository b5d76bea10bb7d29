// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/restart.hpp>

#include <algorithm>

namespace troupe::hooks {

namespace {

constexpr std::chrono::milliseconds least_growth{10};

} // namespace

std::optional<std::chrono::milliseconds> restarts::after_failure(clock::time_point now) {
  if (strategy_.max_failures != 0) {
    recent_.push_back(now);
    while (now - recent_.front() >= strategy_.period) recent_.pop_front();
    if (recent_.size() > strategy_.max_failures) return std::nullopt;
  }
  const bool afresh = !last_ || now - *last_ >= strategy_.period + delay_;
  const auto first = strategy_.first_delay;
  delay_ = afresh ? first
                  : std::min(std::max(delay_ * 2, least_growth), std::max(first, strategy_.max_delay));
  last_ = now;
  return delay_;
}

} // namespace troupe::hooks
