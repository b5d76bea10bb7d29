// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::inspection {

/// What an actor is. `custom` is whatever a program hosts beside Troupe's own.
enum class actor_kind : std::uint8_t { custom, connection, channel, hub, shard, registry, keeper };

inline constexpr std::string_view actor_kind_names[] = {"custom", "connection", "channel", "hub",
                                                        "shard",  "registry",   "keeper"};

constexpr std::string_view to_string(actor_kind kind) noexcept {
  return actor_kind_names[static_cast<std::size_t>(kind)];
}

} // namespace troupe::inspection
