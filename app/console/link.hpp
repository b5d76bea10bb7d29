// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LINK: bytes to and from a server's console, over a Unix socket, TCP or TLS. Thread: its owner's; calls block, for
// `patience` at most when there is nothing to receive. Ends with its object.
#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::app::console {

class link {
public:
  static constexpr std::chrono::seconds patience{1};

  virtual ~link() = default;
  /// Sends all of it, or as much as the server takes before it ends the session. @throws std::system_error
  virtual void send(std::string_view bytes) = 0;
  /// @returns how many bytes came; 0 if none did yet. @throws std::runtime_error when the session is over.
  virtual std::size_t receive(char* into, std::size_t size) = 0;
};

/// How to reach a console over TCP.
struct remote_console {
  std::string host;
  std::string port;
  std::string token;
  bool tls = false;
  std::string ca_file; ///< PEM, to check the server's certificate by; empty: those of the system.
};

/// @throws std::runtime_error that says why it cannot be had.
[[nodiscard]] std::unique_ptr<link> link_to(const std::string& socket_path);
/// Has not shown its token yet. @throws std::runtime_error
[[nodiscard]] std::unique_ptr<link> link_to(const remote_console& server);

} // namespace troupe::app::console
