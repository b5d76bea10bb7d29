// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Messages around the actors of users: what such an actor gets and answers, and what goes on between its
// keeper and those it is kept for. `opened`, `closed`, `call` and `call_result` are those of messages.hpp.
#pragma once
#include <troupe/connection_profile.hpp>
#include <troupe/hooks/messages.hpp>

#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>

namespace troupe::hooks {

/// Something for a user from whoever is no client of it: another actor, or the program. Sent to users::of(to);
/// one for a user who is not online is answered with error 108, not_available. What the answer says of a
/// close is ignored.
struct letter {
  std::string to;           ///< The user.
  centrifuge::payload data; ///< For the actor; it decides what its clients get of it.
  std::string from = {};    ///< Who says so, if the user is to know; nobody checks it.
};

/// The interface of a user's actor. An actor may handle more: user_actor::extend<...>.
using user_actor = caf::typed_actor<
  // A connection of the user is up. Comes once for each, before its first call.
  caf::reacts_to<opened>,
  // One that was opened has ended, or has become another user's: then the reason is none.
  caf::reacts_to<closed>,
  // A client of the user sends something, or calls a method that no extension serves. An answer with
  // error_code::method_not_found leaves the call to extensions::fallback, if there is one.
  caf::replies_to<call>::with<call_result>,
  // Somebody else has something for the user.
  caf::replies_to<letter>::with<call_result>>;

// -- keepers -----------------------------------------------------------------------------------------

/// Shard to user hub: a connection is up, or has become that user's.
struct user_came {
  connection_profile_ptr who;
  connection_actor by;
};

/// Shard to user hub: it has ended, or is no longer that user's.
struct user_went {
  connection_profile_ptr who; ///< As in user_came.
  close_record how = {};
};

/// Keeper to its hub: nobody needs me. It is ended unless the hub has forwarded more than it has handled.
struct user_idle {
  std::string user;
  std::uint64_t handled = 0; ///< Messages of the hub.
};

/// From the timing wheel to a keeper: its user has been away for user_hook::grace.
struct grace_over {};

/// KEEPER of a user's actor.
using user_keeper_actor = keeper_actor::extend<
  // From its hub.
  caf::reacts_to<user_came>,
  caf::reacts_to<user_went>,
  caf::replies_to<call>::with<call_result>,
  caf::replies_to<letter>::with<call_result>,
  // From itself.
  caf::reacts_to<keeper_due>,
  caf::reacts_to<grace_over>>;

/// USER HUB: the users of one loop by name.
using user_hub_actor = caf::typed_actor<
  // From anyone.
  caf::replies_to<letter>::with<call_result>,
  // From clients, for their own user.
  caf::replies_to<call>::with<call_result>,
  // From shards.
  caf::reacts_to<user_came>,
  caf::reacts_to<user_went>,
  // From a keeper of its own.
  caf::reacts_to<user_idle>>;

// -- inspection --------------------------------------------------------------------------------------

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, letter& x) {
  return f(x.to, x.data, x.from);
}

} // namespace troupe::hooks

// Append only: IDs are positions. A program's own messages start at troupe::first_type_id.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_users, caf::id_block::troupe_hooks::end)
  CAF_ADD_TYPE_ID(troupe_users, (troupe::hooks::letter))
  CAF_ADD_TYPE_ID(troupe_users, (troupe::hooks::user_came))
  CAF_ADD_TYPE_ID(troupe_users, (troupe::hooks::user_went))
  CAF_ADD_TYPE_ID(troupe_users, (troupe::hooks::user_idle))
  CAF_ADD_TYPE_ID(troupe_users, (troupe::hooks::grace_over))
CAF_END_TYPE_ID_BLOCK(troupe_users)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::hooks::user_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::hooks::user_went)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::hooks::user_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::hooks::grace_over)
