// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include "bench/load_result.hpp"
#include "bench/options.hpp"

#include <string>

namespace troupe::app::bench {

/// The result for people: one fact per line.
std::string to_table(const load_options& options, const load_result& result);

/// The result for programs: one JSON object. Names carry their units; what was not measured is
/// absent.
std::string to_json(const load_options& options, const load_result& result);

} // namespace troupe::app::bench
