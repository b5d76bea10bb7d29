// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What happens to a message that does not fit into a connection's outbox any more.
#pragma once
#include <troupe/live_choice.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe {

/// Policy of one delivery at the byte bound of a connection's outbox. Control frames have no policy:
/// they are never dropped.
enum class overflow : std::uint8_t {
  disconnect,     ///< The connection is closed with close_reason::slow_consumer. Nothing is ever skipped.
  drop_oldest,    ///< Queued messages that may be dropped make room, oldest first; else the new one is dropped.
  drop_newest,    ///< The new message is dropped.
  latest_per_key, ///< Replaces a queued message of the same key in its place; else as drop_oldest.
};

/// As options call it.
constexpr std::string_view to_string(overflow policy) noexcept {
  switch (policy) {
    case overflow::disconnect: return "disconnect";
    case overflow::drop_oldest: return "drop-oldest";
    case overflow::drop_newest: return "drop-newest";
    case overflow::latest_per_key: return "latest-per-key";
  }
  return "unknown";
}

/// Nothing if it is none.
constexpr std::optional<overflow> parse_overflow(std::string_view text) noexcept {
  for (auto policy : {overflow::disconnect, overflow::drop_oldest, overflow::drop_newest,
                      overflow::latest_per_key})
    if (text == to_string(policy)) return policy;
  return std::nullopt;
}

/// A policy that may be changed while it is used.
using live_policy = live_choice<overflow>;

} // namespace troupe
