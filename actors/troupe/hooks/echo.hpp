// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ECHO: the smallest actor of a route: each message goes back to its sender. For tests of clients and of
// what lies between, and as the first example of an actor of one's own.
// Thread: wherever it is spawned. Owner: its KEEPER.
#pragma once
#include <troupe/hooks/birth.hpp>
#include <troupe/hooks/messages.hpp>

namespace troupe::hooks {

/// For a route: on_loop(echo).
route_actor::behavior_type echo(route_actor::pointer self, const birth& born);

} // namespace troupe::hooks
