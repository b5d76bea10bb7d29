// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HUB: the channels of one loop by name. Spawns them on demand, lets idle ones go without losing a
// request, and tells subscribers when one has failed.
// Thread: its loop. Owner: the server. Bounded by: channel_settings::max_channels. Ends when: it is
// told to exit, after its channels.
#pragma once
#include <troupe/centrifuge/channel.hpp>

#include <caf/result.hpp>
#include <caf/system_messages.hpp>

#include <span>
#include <string_view>

namespace troupe::centrifuge {

class hub_state {
public:
  static constexpr const char* name = "hub";
  using pointer = hosted_pointer<hub_actor, hub_state>;

  explicit hub_state(pointer self);

  hub_actor::behavior_type make_behavior(std::shared_ptr<const channel_settings> settings);

private:
  struct entry {
    spawned_channel_actor who;
    std::uint64_t forwarded = 0; // requests
  };

  template <class Request>
  auto pass_on(entry& to, Request& m);
  /// Passes a request on to its channel.
  template <class Answer, class Request>
  caf::result<Answer> forward(Request& m);
  caf::result<unsubscribed> on_unsubscribe(unsubscribe_channel& m);
  void on_idle(const channel_idle& m);
  void on_down(const caf::down_msg& m);
  void on_exit(const caf::exit_msg& m);

  /// The channel of a name, spawned if need be, or why it cannot be had.
  std::variant<entry*, error_code> find_or_spawn(const std::string& channel);
  /// Tells the shards that a channel failed.
  void tell_lost(const std::string& channel);

  pointer self_;
  std::shared_ptr<const channel_settings> settings_;
  std::unordered_map<std::string, entry> channels_;
  std::unordered_map<caf::actor_id, std::string> by_actor_; // no name: it has leave to go
  caf::error ending_; // why, once told to exit
  std::uint64_t sequence_ = 0; // above that of any event so far
};

/// Spawn one per loop with spawn_on(host, hub, settings).
hub_actor::behavior_type hub(hub_state::pointer self,
                             std::shared_ptr<const channel_settings> settings);

/// The hub that a channel belongs to: requests for it go there. `hubs`, by index of their loop, is
/// the same everywhere and not empty.
const channel_actor& hub_of(std::string_view channel, std::span<const channel_actor> hubs);

} // namespace troupe::centrifuge
