// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What webhooks have seen. One writer for each hook, any number of readers.
#pragma once
#include <troupe/counters.hpp>
#include <troupe/meters/figure.hpp>
#include <troupe/meters/latency.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace troupe::net::webhooks {

/// What is asked about.
enum class hook : std::uint8_t { connect, refresh, subscribe, publish, sub_refresh, rpc };
inline constexpr const char* hook_names[] = {"connect", "refresh", "subscribe", "publish", "sub_refresh", "rpc"};
inline constexpr std::size_t hook_count = std::size(hook_names);

struct hook_counters {
  counter requests; ///< Sent.
  counter failures; ///< Of those: no answer, not in time, or not one of ours.
  counter refused;  ///< Not sent: the breaker was open.
  meters::figure<std::uint32_t> breaker_open; ///< 1 while it is.
  meters::latency times; ///< Of requests that were answered.
};

struct counters {
  std::array<hook_counters, hook_count> by_hook;

  [[nodiscard]] hook_counters& of(hook which) noexcept { return by_hook[static_cast<std::size_t>(which)]; }
};

} // namespace troupe::net::webhooks
