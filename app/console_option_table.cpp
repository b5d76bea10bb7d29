// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/option_builders.hpp"
#include "app/option_tables.hpp"
#include "app/values.hpp"

#include <algorithm>

namespace troupe::app {

using namespace std::chrono_literals;

namespace {

bool is_token(const std::string& value) {
  constexpr std::size_t shortest = 16;
  const auto visible = [](char c) { return c > ' ' && c <= '~'; };
  return value.empty() || (value.size() >= shortest && std::ranges::all_of(value, visible));
}

bool is_some_path(const std::string& value) { return !value.empty() && is_path(value); }

} // namespace

std::vector<option> console_option_table() {
  return {
      text("console.path", TROUPE_FIELD(console.path), "a path, automatic or off", is_some_path,
           "Unix socket of troupe console, for the server's user and root; automatic is named by the "
           "port (docs/console.md)."),
      text("console.read_only_path", TROUPE_FIELD(console.read_only_path), "a path", is_path,
           "A second socket, for the server's group too, whose sessions can only look; empty is none."),
      secret(text("console.operator_token", TROUPE_FIELD(console.operator_token), "16 characters or more",
                  is_token, "Who has it may do everything, at console.port and in /debug/command of the administration port.")),
      secret(text("console.read_only_token", TROUPE_FIELD(console.read_only_token), "16 characters or more",
                  is_token, "Who has it may look there.")),
      text("console.address", TROUPE_FIELD(console.address), "an IPv4 or IPv6 address", is_address,
           "Address of console.port; without console.tls a loopback address."),
      integer("console.port", TROUPE_FIELD(console.port), "", port,
              "TCP port of troupe console --connect, for whoever has a token; 0 turns it off."),
      boolean("console.tls", TROUPE_FIELD(console.tls), "Whether console.port speaks TLS."),
      integer("console.max_sessions", TROUPE_FIELD(console.max_sessions), "sessions", {1, 1000},
              "Console sessions at once; more are refused."),
      duration("console.write_timeout", TROUPE_FIELD(console.write_timeout), {100ms, 10min},
               "A console session that reads nothing of its answer for so long is cut."),
  };
}

} // namespace troupe::app
