// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Messages to the observers of a program, which hear of all connections and channels. What the facts hold is
// described in lifecycle.hpp and centrifuge/channel_lifecycle.hpp; each comes once.
#pragma once
#include <troupe/centrifuge/channel_lifecycle.hpp>
#include <troupe/hooks/messages.hpp>
#include <troupe/lifecycle.hpp>

#include <caf/error.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>

namespace troupe::hooks {

/// Facts were lost: the actor was more than 131,072 of them behind those of one loop.
struct missed {
  std::uint64_t of_connections = 0; ///< Ups, changes and downs.
  std::uint64_t of_channels = 0;    ///< Of channels and members.
};

/// The interface of an observer. Of each connection its up comes first, then what it does in channels, then its
/// down; of each channel all comes in order; all else, as far as these allow it, when it happened: see
/// centrifuge::event_order. An actor may handle more: observer_actor::extend<...>.
using observer_actor = caf::typed_actor<
  // A connection is open, and known whose it is. One that ends before is not told.
  caf::reacts_to<connection_up>,
  // One that is up has become another user's: only at /ws, by change_membership.
  caf::reacts_to<connection_changed>,
  // One that was up has ended, in whatever way, for the reason `how`. Nothing of it follows.
  caf::reacts_to<connection_down>,
  // A channel has a member, and had none. The member_joined of that member follows.
  caf::reacts_to<centrifuge::channel_occupied>,
  // A client is subscribed.
  caf::reacts_to<centrifuge::member_joined>,
  // A subscription ended, in whatever way.
  caf::reacts_to<centrifuge::member_left>,
  // A channel has no member any more. If it failed, that stands for the member_left of all its members.
  caf::reacts_to<centrifuge::channel_vacated>,
  // It was too slow for too long.
  caf::reacts_to<missed>>;

/// From itself to the keeper of an observer: it was told to exit, and has got all that came before.
struct last_call {
  caf::error reason;
};

/// KEEPER of an observer.
using observer_keeper_actor = keeper_actor::extend<
  // From shards.
  caf::replies_to<connection_events>::with<noted>,
  // From hubs.
  caf::replies_to<centrifuge::channel_changes>::with<noted>,
  // From itself.
  caf::reacts_to<keeper_due>,
  caf::reacts_to<last_call>>;

} // namespace troupe::hooks

// Far behind the blocks that programs continue.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_observers, 28500)
  CAF_ADD_TYPE_ID(troupe_observers, (troupe::connection_up))
  CAF_ADD_TYPE_ID(troupe_observers, (troupe::connection_changed))
  CAF_ADD_TYPE_ID(troupe_observers, (troupe::connection_down))
  CAF_ADD_TYPE_ID(troupe_observers, (troupe::centrifuge::channel_occupied))
  CAF_ADD_TYPE_ID(troupe_observers, (troupe::centrifuge::channel_vacated))
  CAF_ADD_TYPE_ID(troupe_observers, (troupe::centrifuge::member_joined))
  CAF_ADD_TYPE_ID(troupe_observers, (troupe::centrifuge::member_left))
  CAF_ADD_TYPE_ID(troupe_observers, (troupe::hooks::missed))
  CAF_ADD_TYPE_ID(troupe_observers, (troupe::hooks::last_call))
CAF_END_TYPE_ID_BLOCK(troupe_observers)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::connection_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::connection_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::connection_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::channel_occupied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::channel_vacated)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::member_joined)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::member_left)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::hooks::missed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::hooks::last_call)
