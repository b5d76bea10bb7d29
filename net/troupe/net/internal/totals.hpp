// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <troupe/net/auth/counters.hpp>
#include <troupe/net/internal/io_loop.hpp>

#include <memory>
#include <string>
#include <vector>

namespace troupe::net {

/// The sum of all loops' counters, and those of tokens, as JSON: what /debug/totals.json shows. Thread: any.
std::string totals_json(const std::vector<std::unique_ptr<io_loop>>& loops, bool draining,
                        const auth::counters& tokens);

} // namespace troupe::net
