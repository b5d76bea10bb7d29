// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The files of web/, compiled into the program.
#pragma once
#include <troupe/net/page.hpp>

#include <vector>

namespace troupe::app {

/// All embedded files; their text lives as long as the program. Defined by a source generated at
/// build time.
std::vector<net::page> web_pages();

} // namespace troupe::app
