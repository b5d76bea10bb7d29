// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CHANNELS: the address of every channel of a server, alive or not.
// Thread: any. A value: copies share the hubs' handles.
#pragma once
#include <troupe/centrifuge/hub.hpp>

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::centrifuge {

class channels {
public:
  /// None.
  channels() = default;
  /// @param hubs By index of their loop, not empty.
  explicit channels(std::vector<channel_actor> hubs)
    : hubs_(std::make_shared<const std::vector<channel_actor>>(std::move(hubs))) {}

  /// Takes every message of a channel: publish_channel, get_presence ... Requests are answered; see
  /// channel_messages.hpp.
  [[nodiscard]] const channel_actor& of(std::string_view channel) const {
    return hub_of(channel, *hubs_);
  }

  /// The hubs, by index of their loop.
  [[nodiscard]] std::span<const channel_actor> hubs() const noexcept {
    return hubs_ ? std::span<const channel_actor>{*hubs_} : std::span<const channel_actor>{};
  }

private:
  std::shared_ptr<const std::vector<channel_actor>> hubs_;
};

} // namespace troupe::centrifuge
