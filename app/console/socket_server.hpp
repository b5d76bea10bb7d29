// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SOCKET SERVER: takes console sessions in on Unix sockets.
// Thread: one of its own, which only moves bytes; queries run on the executor's. Neither ever runs on an
// I/O loop, so whatever a console does, connections do not wait for it. Members: any thread.
// Owner: serve(). Bounded by: console.max_sessions, and each session by itself. Ends with its object,
// which ends all sessions and removes the sockets.
#pragma once
#include "app/console/options.hpp"
#include "app/console/session.hpp"

#include <boost/asio/io_context.hpp>

#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace troupe::app::console {

class socket_server {
public:
  /// @param port Of the server, for the automatic path.
  /// @throws std::runtime_error when a path that was given cannot be bound: the text names the option
  ///         and the cause. The automatic one only leaves a warning in the log.
  socket_server(const console_options& options, std::uint16_t port, session_context context);
  ~socket_server();

  socket_server(const socket_server&) = delete;
  socket_server& operator=(const socket_server&) = delete;

  /// Of operators; empty if there is none.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
  struct door;

  void open(std::string path, role may);
  void accept(door& at);
  void welcome(session::socket peer, role may);

  session_context context_;
  std::size_t max_sessions_;
  boost::asio::io_context io_{1};
  std::list<door> doors_;
  std::vector<std::weak_ptr<session>> sessions_;
  std::string path_;
  std::thread thread_;
};

} // namespace troupe::app::console
