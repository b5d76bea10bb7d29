// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// FETCH SCHEDULE: when keys are to be fetched from their endpoint, so that it is asked neither by everyone who
// makes up the name of a key, nor without a pause while it is down.
#pragma once
#include <algorithm>
#include <chrono>
#include <optional>

namespace troupe::net::auth {

class fetch_schedule {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  static constexpr auto refresh_after = std::chrono::hours{1};
  static constexpr auto forget_after = std::chrono::hours{12}; ///< Without a fetch that succeeds.
  static constexpr auto min_interval = std::chrono::seconds{10};
  static constexpr auto first_pause = std::chrono::seconds{1}; ///< After a failure; then twice as long.
  static constexpr auto longest_pause = std::chrono::seconds{60};

  /// The keys are missing or old.
  [[nodiscard]] bool is_due(time_point now) const noexcept {
    return !fetched_ || now >= *fetched_ + refresh_after;
  }
  /// A token names a key that is not known: whether the endpoint may be asked.
  [[nodiscard]] bool may_fetch(time_point now) const noexcept { return !under_way_ && now >= not_before_; }
  [[nodiscard]] bool is_under_way() const noexcept { return under_way_; }
  /// The keys are too old to be used.
  [[nodiscard]] bool is_outdated(time_point now) const noexcept {
    return !fetched_ || now >= *fetched_ + forget_after;
  }
  /// The last fetch has failed: what is not known may still be good.
  [[nodiscard]] bool has_failed() const noexcept { return failures_ != 0; }

  void begin() noexcept { under_way_ = true; }
  void succeed(time_point now) noexcept {
    under_way_ = false;
    failures_ = 0;
    fetched_ = now;
    not_before_ = now + min_interval;
  }
  void fail(time_point now) noexcept {
    under_way_ = false;
    const auto pause = failures_ < 6 ? first_pause * (1 << failures_) : longest_pause;
    not_before_ = now + std::min<std::chrono::seconds>(pause, longest_pause);
    ++failures_;
  }

private:
  std::optional<time_point> fetched_;
  time_point not_before_{};
  unsigned failures_ = 0;
  bool under_way_ = false;
};

} // namespace troupe::net::auth
