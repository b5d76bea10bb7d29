// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CONNECTION DETAILS: what a connection tells of itself when it is asked, beside what is metered. Plain values.
#pragma once
#include <troupe/client_id.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct subscription_details {
  std::string channel;
  std::optional<std::uint64_t> offset; ///< Of the last publication it has seen; nothing if it keeps no position.
  std::string epoch = {};
  bool live = false;        ///< The channel has answered.
  bool server_side = false; ///< The server subscribed it.
};

struct connection_details {
  std::string stage;                        ///< Of its transport: open, closing, lingering or closed.
  std::optional<std::size_t> unsent_bytes;  ///< In the kernel, not acknowledged by the peer.
  std::size_t max_bytes = 0;                ///< Of data that may be queued for it.
  bool blocked = false;                     ///< The socket takes no more.
  bool compressed = false;                  ///< What is sent to it may be.
  bool paused = false;                      ///< Nothing is read from the client now.
  std::vector<subscription_details> subscriptions;
};

/// To a shard: asks one of its connections to describe itself.
struct describe_connection {
  client_id id;
};
/// To a connection.
struct describe {};

/// To a shard: how much data may be queued for one of its connections from now on.
struct limit_connection {
  client_id id;
  std::uint32_t max_bytes = 0; ///< 0: as much as for all others.
};
/// To a connection.
struct limit_queue {
  std::uint32_t max_bytes = 0;
};

} // namespace troupe
