// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// INSIGHT: what inspectors of a server act on and read. Thread: a plain value.
// Ends: messages reach nobody once server::join() is called.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/centrifuge/namespaces.hpp>
#include <troupe/cluster/engine.hpp>
#include <troupe/host.hpp>
#include <troupe/inspect/observatory.hpp>
#include <troupe/interfaces.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace troupe::net {

/// Handles and figures of a running server.
struct insight {
  registry_actor registry;
  std::vector<troupe::centrifuge::channel_actor> hubs; ///< By index of their loop; see hub_of().
  ledger_actor ledger;
  inspection::observatory observatory;
  std::vector<shard_actor> shards; ///< By index of their loop.
  std::shared_ptr<const troupe::centrifuge::namespaces> names;
  live_policy policy;              ///< Of messages at /ws.
  std::atomic<std::size_t>* max_bytes = nullptr;      ///< As outbox.max_bytes, of connections at /ws.
  std::atomic<std::size_t>* queue_max_size = nullptr; ///< As client.queue_max_size.
  /// Runs something on every loop, soon. It must take no longer than a handler may.
  std::function<void(std::function<void(host&)>)> on_loops;
  troupe::cluster::engine_actor engine = {}; ///< Null: there are no other nodes.
};

} // namespace troupe::net
