// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SERVER: owns the I/O loops, the listeners, the registry and its shards.
// Thread: all members may be called from any thread but from a loop; none of them waits for a client.
// Ends when: stop() was called and every connection is gone, or its deadline passed.
#pragma once
#include <troupe/event_log.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/net/options.hpp>
#include <troupe/net/page.hpp>

#include <caf/actor_system.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::net {

class server {
public:
  /// Binds all ports, then starts the loops.
  /// @param system Must outlive the server.
  /// @param log Must outlive the server.
  /// @throws std::runtime_error when a port cannot be bound, a certificate cannot be read or io_uring
  ///         is demanded and missing. The text names the option and the cause.
  /// @param pages Files served over GET beside the WebSocket routes.
  server(caf::actor_system& system, server_options options,
         event_log& log = event_log::none(), std::vector<page> pages = {});

  /// Stops at once if stop() was not called: connections are cut.
  ~server();

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Port of listen_options, as bound.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Port of tls_options, as bound; 0 when TLS is off, equal to port() when it has none of its own.
  [[nodiscard]] std::uint16_t tls_port() const noexcept;
  /// Port of admin_options, as bound; 0 when off.
  [[nodiscard]] std::uint16_t admin_port() const noexcept;
  /// "io_uring" or "sendmsg", as chosen at the start.
  [[nodiscard]] std::string send_method_name() const;
  [[nodiscard]] std::size_t loop_count() const noexcept;

  /// The one address for messages to connections: see interfaces.hpp.
  [[nodiscard]] registry_actor registry() const;

  /// Drains: readiness turns false, listeners close, every connection is closed with shutting_down at
  /// drain_options::rate, queues are flushed. Returns at once; repeated calls do nothing.
  void stop();

  /// Waits for stop() to be called, then until it is through. Call it once.
  /// @returns true if all connections closed before the deadline.
  bool join();

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::net
