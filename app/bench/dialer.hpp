// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DIALER: starts TCP connections to one server, from as many loopback addresses as it takes: one
// address has about 28,000 ports. Safe to use from forked processes: it holds no descriptor.
#pragma once
#include "bench/tls.hpp"
#include "bench/url.hpp"

#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <string>

namespace troupe::app::bench {

class dialer {
public:
  /// Resolves the host.
  /// @param sources Loopback addresses to spread over, from 127.0.0.2 on; 1 leaves the choice to
  /// the kernel.
  /// @throws std::runtime_error if the host has no address, or `sources` is above 1 and the server
  /// is not
  ///         on IPv4 loopback.
  dialer(const url& target, std::size_t sources);

  /// Starts to connect a new non-blocking socket. @returns its descriptor, owned by the caller.
  /// @param index Selects the source address.
  /// @throws std::runtime_error naming the server and the cause.
  [[nodiscard]] int dial(std::size_t index) const;

  /// What a connection has to be secured with, or null.
  [[nodiscard]] const tls_client* tls() const { return tls_ ? &*tls_ : nullptr; }

  /// The server's address and port for messages, such as "127.0.0.1:8000".
  [[nodiscard]] const std::string& name() const { return name_; }

private:
  void bind_source(int socket, std::size_t index) const;

  sockaddr_storage address_{};
  socklen_t address_bytes_ = 0;
  std::size_t sources_;
  std::string name_;
  std::optional<tls_client> tls_;
};

} // namespace troupe::app::bench
