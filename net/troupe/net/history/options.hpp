// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Where the history of namespaces with history_persistent is kept. docs/operations.md explains it.
#pragma once
#include <cstddef>
#include <string>

namespace troupe::net::history {

/// Of one server.
struct store_options {
  std::string directory; ///< Made if it does not exist; no other process may use it. Empty: nothing is kept.
  bool sync = false;     ///< A publication is on the disk's medium before it counts; else it outlives the process, not the machine.
  std::size_t max_bytes = 1024 * 1024 * 1024; ///< Of the database; at the limit publications are refused.
};

} // namespace troupe::net::history
