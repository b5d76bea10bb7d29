// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/option_builders.hpp"
#include "app/option_tables.hpp"

namespace troupe::app {

using namespace std::chrono_literals;

std::vector<option> console_option_table() {
  return {
      text("console.path", TROUPE_FIELD(console.path), "a path, automatic or off", is_path,
           "Unix socket of troupe console, for the server's user and root; automatic is named by the "
           "port (docs/console.md)."),
      text("console.read_only_path", TROUPE_FIELD(console.read_only_path), "a path", is_path,
           "A second socket, for the server's group too, whose sessions can only look; empty is none."),
      integer("console.max_sessions", TROUPE_FIELD(console.max_sessions), "sessions", {1, 1000},
              "Console sessions at once; more are refused."),
      duration("console.write_timeout", TROUPE_FIELD(console.write_timeout), {100ms, 10min},
               "A console session that reads nothing of its answer for so long is cut."),
  };
}

} // namespace troupe::app
