// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// KEY SOURCE: fetches key sets from their endpoints.
// Thread: its own, since it waits; spawn it detached. Owner: the server. Bounded by: one fetch at a time, of at
// most 256 KiB, with two tries of a second each. Ends when: the server does.
#pragma once
#include <troupe/event_log.hpp>
#include <troupe/net/auth/key.hpp>

#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <optional>
#include <string>
#include <vector>

namespace troupe::net::auth {

/// Takes the URL of an endpoint and gives the text of its JSON Web Key Set, nothing if there is none to be had.
using key_source_actor = caf::typed_actor<caf::replies_to<std::string>::with<std::string>>;

/// Spawn with `system.spawn<caf::detached>(key_source, &log)`. @param log Outlives it.
key_source_actor::behavior_type key_source(key_source_actor::pointer self, event_log* log);

struct fetched_keys {
  std::optional<std::vector<key>> keys;
  std::string text; ///< That they were read from.
  std::string why;  ///< There are none.
};

/// Blocks, for two seconds at most. @param url Valid.
fetched_keys fetch_keys(const std::string& url);

} // namespace troupe::net::auth
