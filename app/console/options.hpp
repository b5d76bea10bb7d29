// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::app::console {

struct console_options {
  std::string path = "automatic";  ///< Socket of operators, mode 0600; "off" for none.
  std::string read_only_path;      ///< A second one for looking only, mode 0660; empty: none.
  std::string operator_token;      ///< Who has it may do everything; empty: nobody.
  std::string read_only_token;     ///< Who has it may look; empty: nobody.
  std::string address = "127.0.0.1"; ///< For TCP; anything but a loopback address takes TLS.
  std::uint16_t port = 0;          ///< For TCP, with a token; 0: none.
  bool tls = false;                ///< Whether that port speaks TLS, with the certificate of the server.
  std::size_t max_sessions = 16;   ///< At once, on all of them.
  std::chrono::milliseconds write_timeout{10'000}; ///< A session that reads nothing for so long is cut.
};

} // namespace troupe::app::console
