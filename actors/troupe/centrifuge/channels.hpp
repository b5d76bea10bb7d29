// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CHANNELS: the address of every channel of a server, alive or not.
// Thread: any. A value: copies share the hubs' handles.
#pragma once
#include <troupe/centrifuge/hub.hpp>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

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
  /// Reports to `who` what happens in channels from now on: who joins, who leaves, which channels are occupied
  /// and vacated. Of a member that is there already it tells nothing.
  void observe(const channel_observer& who) const {
    for (const auto& h : hubs()) caf::anon_send(caf::actor_cast<hub_actor>(h), observe_channels{who});
  }
  void unobserve(const channel_observer& who) const {
    for (const auto& h : hubs()) caf::anon_send(caf::actor_cast<hub_actor>(h), unobserve_channels{who});
  }

private:
  std::shared_ptr<const std::vector<channel_actor>> hubs_;
};

} // namespace troupe::centrifuge
