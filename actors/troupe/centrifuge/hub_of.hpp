// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Which of a server's hubs serves a channel.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>

#include <functional>
#include <span>
#include <string_view>

namespace troupe::centrifuge {

inline const channel_actor& hub_of(std::string_view channel, std::span<const channel_actor> hubs) {
  return hubs[std::hash<std::string_view>{}(channel) % hubs.size()];
}

} // namespace troupe::centrifuge
