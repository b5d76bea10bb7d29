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
  /// @throws std::runtime_error when a socket cannot be had: see socket_server.
  console(caf::actor_system& system, const console_options& options, const net::server& server,
          text_log& log, program_orders program);

  /// Who does what is asked for.
  [[nodiscard]] const executor_actor& address() const noexcept { return executor_; }
  ~console();

  console(const console&) = delete;
  console& operator=(const console&) = delete;

  /// Of the operators' socket; empty if there is none.
  [[nodiscard]] const std::string& path() const noexcept { return sockets_->path(); }

private:
  void end_executor();

  caf::actor_system& system_;
  session_book book_;
  executor_actor executor_;
  std::optional<socket_server> sockets_;
};

} // namespace troupe::app::console
