// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Everything the program can be told, as one struct. The defaults are those of its parts.
#pragma once
#include "app/console/options.hpp"
#include "app/log.hpp"

#include <troupe/net/options.hpp>

namespace troupe::app {

struct settings {
  net::server_options server;
  log_options log;
  console::console_options console;
};

} // namespace troupe::app
