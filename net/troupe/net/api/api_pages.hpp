// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What is served beside the server API: openapi.json, compiled into the library.
#pragma once
#include <troupe/net/page.hpp>

#include <vector>

namespace troupe::net::api {

/// Its text lives as long as the program. Defined by a source generated at build time.
std::vector<net::page> api_pages();

} // namespace troupe::net::api
