// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include "bench/load_result.hpp"
#include "bench/options.hpp"

namespace troupe::app::bench {

/// Runs a load to its end: forks workers, lets them connect, warm up, load and drain, and measures.
/// Blocks for about warm-up and duration, never without a bound. Raises the limit of open files.
/// The calling process must have no other thread.
/// @throws std::runtime_error with one line that says why no result could be had: impossible
/// options, a
///         server that refuses, closes or breaks connections, or a measured process that is gone.
load_result run_load(const load_options& options);

} // namespace troupe::app::bench
