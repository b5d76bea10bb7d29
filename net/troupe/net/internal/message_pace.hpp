// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// MESSAGE PACE: how fast one client may send: so many messages a second, and a burst ahead of that.
// Thread: its connection's loop. Memory: one point in time.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace troupe::net {

class message_pace {
public:
  using clock = std::chrono::steady_clock;

  struct limits {
    std::int64_t per_second; ///< 0 is no limit.
    std::int64_t burst;      ///< At least 1.
  };

  /// Counts a message.
  void take(clock::time_point now, const limits& allowed) noexcept {
    if (allowed.per_second == 0) return;
    paid_until_ = std::max(paid_until_, now) + interval(allowed);
  }

  /// Time until the next message may be read.
  [[nodiscard]] clock::duration wait(clock::time_point now, const limits& allowed) const noexcept {
    if (allowed.per_second == 0) return {};
    const auto ahead = interval(allowed) * (allowed.burst - 1);
    return std::max(paid_until_ - now - ahead, clock::duration{});
  }

private:
  static clock::duration interval(const limits& allowed) noexcept {
    return std::chrono::duration_cast<clock::duration>(std::chrono::seconds{1}) / allowed.per_second;
  }

  clock::time_point paid_until_{};
};

} // namespace troupe::net
