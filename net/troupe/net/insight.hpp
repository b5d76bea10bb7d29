// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// INSIGHT: what inspectors of a server act on and read. Thread: a plain value.
// Ends: messages reach nobody once server::join() is called.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/inspect/observatory.hpp>
#include <troupe/interfaces.hpp>

#include <vector>

namespace troupe::net {

struct insight {
  registry_actor registry;
  std::vector<troupe::centrifuge::channel_actor> hubs; ///< By index of their loop; see hub_of().
  ledger_actor ledger;
  inspection::observatory observatory;
};

} // namespace troupe::net
