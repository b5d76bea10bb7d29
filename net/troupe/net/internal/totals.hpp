// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <troupe/net/internal/io_loop.hpp>

#include <memory>
#include <string>
#include <vector>

namespace troupe::net {

/// The sum of all loops' counters as JSON: what /debug/totals.json shows. Thread: any.
std::string totals_json(const std::vector<std::unique_ptr<io_loop>>& loops, bool draining);

} // namespace troupe::net
