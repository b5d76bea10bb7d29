// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Everything the program can be told, as one struct. The defaults are those of its parts.
#pragma once
#include "app/console/options.hpp"
#include "app/log.hpp"

#include <troupe/net/options.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

struct settings {
  net::server_options server;
  log_options log;
  console::console_options console;
};

/// A port that the program listens on.
struct listening_port {
  std::string_view option; ///< "admin.port"
  std::string address;
  std::uint16_t port = 0; ///< Never 0.
};

/// All of them but those that are off or that the kernel chooses.
[[nodiscard]] std::vector<listening_port> ports_of(const settings& of);

/// Whether one port cannot be had on both: they are the same address, or one stands for the other too.
[[nodiscard]] bool addresses_overlap(const std::string& one, const std::string& other);

} // namespace troupe::app
