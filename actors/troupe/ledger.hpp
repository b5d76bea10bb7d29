// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LEDGER: answers why connections ended.
// Thread: CAF's scheduler: a search over ten thousand entries is nothing for a loop. Owner: the server
// spawns it and registers it as an observer. Bounded by: closed_bounds, and the batches
// shards send an observer. Ends when: it is told to exit.
#pragma once
#include <troupe/closed_connections.hpp>
#include <troupe/interfaces.hpp>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace troupe {

class ledger_state {
public:
  static constexpr const char* name = "ledger";
  using pointer = ledger_actor::stateful_pointer<ledger_state>;

  ledger_actor::behavior_type make_behavior(closed_bounds limits);

private:
  noted on_events(const connection_events& m);

  closed_connections closed_;
};

/// Spawn with system.spawn(ledger, limits).
ledger_actor::behavior_type ledger(ledger_state::pointer self, closed_bounds limits);

} // namespace troupe
