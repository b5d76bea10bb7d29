// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HEARTBEAT: when to ping a connection and when to give it up. Plain logic on given times.
#pragma once
#include <troupe/live.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace troupe {

struct heartbeat_settings {
  std::chrono::milliseconds ping_interval{25'000}; ///< 0 turns pings off.
  std::chrono::milliseconds pong_timeout{8'000};   ///< After a ping; 0 waits for ever.
  std::chrono::milliseconds idle_timeout{0};       ///< Without a message from the client; 0 is off.

  friend bool operator==(const heartbeat_settings&, const heartbeat_settings&) = default;
};

/// Of many connections, changed while they are there.
using live_heartbeat = shared_live<heartbeat_settings>;

class heartbeat {
public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Pings leave at so many moments of an interval, the same for all connections: one batch of sends and
  /// one wake-up of the loop serve many.
  static constexpr int gatherings = 128;

  enum class verdict : std::uint8_t { wait, ping, no_pong, idle };

  /// @param spread In [0, 1): where in the second half of an interval the first ping falls, so that
  ///               connections opened together are not pinged together.
  heartbeat(const heartbeat_settings& settings, time_point now, double spread) noexcept;

  /// A message came: a sign of life, and activity.
  void message(time_point now) noexcept;
  /// A pong came. @returns the round-trip time if a ping was waiting for it.
  std::optional<std::chrono::nanoseconds> pong(time_point now) noexcept;
  /// What to do now. After `ping` the caller has sent one.
  verdict check(const heartbeat_settings& settings, time_point now) noexcept;
  /// When to check() next; nothing if never.
  [[nodiscard]] std::optional<time_point> next(const heartbeat_settings& settings) const noexcept;

private:
  [[nodiscard]] bool is_waiting() const noexcept { return pinged_ != time_point{}; }

  time_point next_ping_;
  time_point pinged_{}; // no sign of life has come since; the epoch: it has
  time_point active_;
};

} // namespace troupe
