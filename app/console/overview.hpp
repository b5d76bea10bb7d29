// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The server as a whole: its loops, its tree of actors, how long messages take. Free functions that read
// the observatory and disturb nobody.
#pragma once
#include "app/console/table.hpp"

#include <troupe/inspect/observatory.hpp>

#include <string_view>

namespace troupe::app::console {

/// One row for each loop.
[[nodiscard]] table loops(const inspection::observatory& from);

/// What happens when an actor fails that no keeper starts again.
[[nodiscard]] std::string_view fate_of(inspection::actor_kind kind);

/// One row for each kind of actor under who supervises it.
[[nodiscard]] table tree(const inspection::observatory& from);

/// One row for each stage of a message's way, and for the turns of the loops.
[[nodiscard]] table latencies(const inspection::observatory& from);

} // namespace troupe::app::console
