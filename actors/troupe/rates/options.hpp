// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// RATES: how often connections, users and addresses may do what.
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::rates {

/// What is counted.
enum class operation : std::uint8_t {
  connect,   ///< Upgrades; of users: connections that have told who they are.
  message,   ///< To /ws and to routes.
  subscribe,
  unsubscribe,
  publish,
  presence,  ///< And its numbers.
  history,
  rpc,       ///< And send.
  refresh,   ///< New tokens of connections.
  sub_refresh, ///< New tokens of subscriptions.
};
/// By the value of `operation`.
inline constexpr std::array<std::string_view, 10> operation_names{
  "connect", "message", "subscribe", "unsubscribe", "publish",
  "presence", "history", "rpc", "refresh", "sub_refresh"};

/// Of whom it is counted together.
enum class scope : std::uint8_t { connection, user, address };
/// By the value of `scope`.
inline constexpr std::array<std::string_view, 3> scope_names{"connection", "user", "address"};

/// So many in each period, evenly, or `burst` at once after a pause.
struct rate {
  std::uint32_t count = 0; ///< 0: no limit.
  std::chrono::seconds period{1};
  std::uint32_t burst = 0; ///< 0: as many as in a period.

  /// Whether there is a limit.
  [[nodiscard]] bool is_set() const noexcept { return count != 0; }
  friend bool operator==(const rate&, const rate&) = default;
};

/// What is over the limit is refused, or only counted.
enum class enforcement : std::uint8_t { refuse, count_only };

/// The rates of a server. None unless set.
struct rate_options {
  std::array<std::array<rate, operation_names.size()>, scope_names.size()> by_scope{};
  enforcement what = enforcement::refuse;
  std::size_t max_tracked = 100'000; ///< Users and addresses; then the least recent are forgotten.

  /// That of one operation of one scope.
  [[nodiscard]] const rate& of(scope s, operation o) const noexcept {
    return by_scope[static_cast<std::size_t>(s)][static_cast<std::size_t>(o)];
  }
  [[nodiscard]] rate& of(scope s, operation o) noexcept {
    return by_scope[static_cast<std::size_t>(s)][static_cast<std::size_t>(o)];
  }
  /// Whether somebody has one for it.
  [[nodiscard]] bool any(operation o) const noexcept {
    for (const auto& each : by_scope)
      if (each[static_cast<std::size_t>(o)].is_set()) return true;
    return false;
  }
  friend bool operator==(const rate_options&, const rate_options&) = default;
};

} // namespace troupe::rates
