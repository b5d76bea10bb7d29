// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include "bench/options.hpp"

#include <cstddef>

namespace troupe::app::bench {

/// Worker processes for a load: as asked for, else as few as the limit of open files allows. Raises
/// that limit as far as it goes. @throws std::runtime_error if fewer are asked for than are needed.
std::size_t choose_workers(const load_options& options);

/// Source addresses for a load: as asked for, else as many as it needs ports.
std::size_t choose_sources(const load_options& options);

} // namespace troupe::app::bench
