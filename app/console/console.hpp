// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CONSOLE: the server's end of `troupe console`: the executor and the sockets that lead to it.
// Thread: the one that made it. Owner: serve(). Ends with its object, which must be before
// net::server::join().
#pragma once
#include "app/console/executor.hpp"
#include "app/console/options.hpp"
#include "app/console/session_book.hpp"
#include "app/console/socket_server.hpp"

#include <troupe/net/options.hpp>

#include <caf/actor_system.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace troupe::net {
class server;
}

namespace troupe::app::console {

class console {
public:
  /// @param system, log Outlive this.
  /// @param certificate For console.tls.
  /// @throws std::runtime_error when a socket cannot be had: see socket_server.
  console(caf::actor_system& system, const console_options& options, const net::server& server,
          text_log& log, program_orders program, const net::tls_options& certificate = {});

  /// Who does what is asked for.
  [[nodiscard]] const executor_actor& address() const noexcept { return executor_; }
  ~console();

  console(const console&) = delete;
  console& operator=(const console&) = delete;

  /// Of the operators' socket; empty if there is none.
  [[nodiscard]] const std::string& path() const noexcept { return sockets_->path(); }
  /// Of TCP, as bound; 0 if there is none.
  [[nodiscard]] std::uint16_t port() const noexcept { return sockets_->port(); }

  /// Takes over the tokens, and loads the certificate of console.tls anew, for sessions to come; one that does not
  /// serve changes nothing.
  void reload(const console_options& options, const net::tls_options& certificate);

private:
  void end_executor();

  caf::actor_system& system_;
  bool is_encrypted_;
  session_book book_;
  executor_actor executor_;
  std::optional<socket_server> sockets_;
};

} // namespace troupe::app::console
