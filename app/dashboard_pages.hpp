// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What web/dashboard is built to, compiled into the program; or the page that stands in for it.
#pragma once
#include <troupe/net/page.hpp>

#include <vector>

namespace troupe::app {

/// Their text lives as long as the program. Defined by a source generated at build time; dashboard.hpp knows how
/// they are served.
std::vector<net::page> dashboard_pages();

} // namespace troupe::app
