// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Seconds until something ends, as clients are told.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace troupe::net::centrifuge::internal {

/// At least one, since a missing time to live breaks clients; at most a year, so that their timers
/// can hold it.
inline std::uint32_t ttl_seconds(std::chrono::seconds until_end) {
  constexpr std::chrono::seconds year = std::chrono::hours{24 * 365};
  return static_cast<std::uint32_t>(std::clamp(until_end, std::chrono::seconds{1}, year).count());
}

} // namespace troupe::net::centrifuge::internal
