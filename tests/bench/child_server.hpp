// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace troupe::test {

/// A server in a process of its own, on a loopback port the kernel chooses. Killed with the object.
class child_server {
public:
  /// Runs `program`, which prints "listening on PORT". @throws std::runtime_error if it does not.
  explicit child_server(const char* program);

  /// Accepts `connections` WebSockets and returns every message to all of them, with three faults
  /// on the last accepted one: message 3 is dropped, 5 comes twice, 7 comes after 8 (counted from
  /// 0).
  static child_server faulty(std::size_t connections);

  /// Answers every handshake with 503.
  static child_server refusing();

  ~child_server();
  child_server(child_server&& other) noexcept;
  child_server& operator=(child_server&&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t process() const { return process_; }

private:
  child_server(pid_t process, std::uint16_t port) : process_{process}, port_{port} {}

  pid_t process_ = 0;
  std::uint16_t port_ = 0;
};

} // namespace troupe::test
