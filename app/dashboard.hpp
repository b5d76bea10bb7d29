// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DASHBOARD: the page at /admin of the administration port. It is the same for everyone: what it shows comes from
// /debug/command, for whoever has a token.
#pragma once
#include <troupe/net/page.hpp>

#include <vector>

namespace troupe::app {

std::vector<net::page> dashboard();

} // namespace troupe::app
