// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LIFECYCLE LOG: the events of one shard's connections that some observer has not got yet.
#pragma once
#include <troupe/lifecycle.hpp>
#include <troupe/observer_log.hpp>

namespace troupe {

using lifecycle_log = observer_log<connection_events>;

} // namespace troupe
