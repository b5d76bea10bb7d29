// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What the ledger keeps, as a table to query. Free functions without state.
#pragma once
#include "app/console/table.hpp"

#include <troupe/closed_connections.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace troupe::app::console {

[[nodiscard]] const std::vector<column>& closed_columns();

/// In the order given.
[[nodiscard]] table closed_table(const std::vector<connection_down>& rows,
                                 std::chrono::system_clock::time_point now);

/// "It ended 3.0s ago by the server: slow_consumer, its outbox was full and the policy is disconnect; ..."
[[nodiscard]] std::string story_of(const connection_down& one, std::chrono::system_clock::time_point now);

} // namespace troupe::app::console
