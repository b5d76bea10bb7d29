// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CHANNEL LIFECYCLE: the facts of every channel's and every subscription's life, as hubs report them to
// observers: a channel is occupied, members join and leave, it is vacated. One left for each joined, also if the
// member's connection crashes; but of a channel that fails the vacated stands for the lefts of all its members.
// Patterns are no channels.
#pragma once
#include <troupe/lifecycle.hpp>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace troupe::centrifuge {

/// It has a member, and had none.
struct channel_occupied {
  std::string channel;
  std::chrono::system_clock::time_point when;
};

/// It has no member any more.
struct channel_vacated {
  /// How it came to that.
  enum class cause : std::uint8_t {
    left,   ///< The last one did.
    failed, ///< The channel ended, by an error or since its namespace is another now, and with it all subscriptions.
  };
  std::string channel;
  std::chrono::system_clock::time_point when;
  cause why = cause::left;
};

/// A subscription began; after channel_occupied.
struct member_joined {
  std::string channel;
  std::string user;   ///< Empty: anonymous.
  std::string client; ///< Connection ID.
  std::chrono::system_clock::time_point when;
};

/// It ended, in whatever way; before channel_vacated.
struct member_left {
  std::string channel;
  std::string user;
  std::string client;
  std::chrono::system_clock::time_point when;
};

/// One of these facts.
using channel_change = std::variant<channel_occupied, channel_vacated, member_joined, member_left>;

struct channel_changes;
/// OBSERVER of channels. One that ends is forgotten.
using channel_observer = caf::typed_actor<caf::replies_to<channel_changes>::with<noted>>;

/// Hub to observer: what happened since the batch before. Answered with `noted`; until then the hub sends no
/// more. Of each channel the events come in order; between hubs, and with the events of connections, there is
/// none, but their times tell it.
struct channel_changes {
  using event = channel_change;
  using observer = channel_observer;

  std::uint16_t hub = 0;
  std::uint64_t missed = 0; ///< As of connection_events.
  std::vector<channel_change> events;
  std::vector<std::chrono::steady_clock::time_point> times; ///< As of connection_events.

  void begin(std::uint16_t source) noexcept { hub = source; }
  void lose(const channel_change&) noexcept { ++missed; }
};

/// To a hub: reports what happens from now on to `who`; see channels::observe().
struct observe_channels {
  channel_observer who;
};
/// To a hub: no more.
struct unobserve_channels {
  channel_observer who;
};

/// To a hub: answered with `noted` once this observer has noted all that the hub could tell when it was asked.
struct sync_changes {
  channel_observer who;
};

/// Hub to channel, before all else: tell me of changes.
struct tell_changes {};
/// Channel to hub.
struct channel_changed {
  channel_change what;
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now(); ///< The hub may be told much later.
};

} // namespace troupe::centrifuge

// Far behind the blocks that programs continue, and before those of the edge.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_channel_lifecycle, 28000)
  CAF_ADD_TYPE_ID(troupe_channel_lifecycle, (troupe::centrifuge::channel_changes))
  CAF_ADD_TYPE_ID(troupe_channel_lifecycle, (troupe::centrifuge::observe_channels))
  CAF_ADD_TYPE_ID(troupe_channel_lifecycle, (troupe::centrifuge::unobserve_channels))
  CAF_ADD_TYPE_ID(troupe_channel_lifecycle, (troupe::centrifuge::tell_changes))
  CAF_ADD_TYPE_ID(troupe_channel_lifecycle, (troupe::centrifuge::channel_changed))
  CAF_ADD_TYPE_ID(troupe_channel_lifecycle, (troupe::centrifuge::sync_changes))
CAF_END_TYPE_ID_BLOCK(troupe_channel_lifecycle)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::channel_changes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::observe_channels)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::unobserve_channels)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::tell_changes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::channel_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::sync_changes)
