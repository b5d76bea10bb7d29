// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SOCKET SERVER: takes console sessions in on Unix sockets, and over TCP with a token.
// Thread: one of its own, which only moves bytes; queries run on the executor's. Neither ever runs on an
// I/O loop, so whatever a console does, connections do not wait for it. Members: any thread.
// Owner: serve(). Bounded by: console.max_sessions, and each session by itself. Ends with its object,
// which ends all sessions and removes the sockets.
#pragma once
#include "app/console/options.hpp"
#include "app/console/access.hpp"
#include "app/console/session.hpp"
#include "app/console/stream.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace troupe::app::console {

class socket_server {
public:
  /// @param port Of the server, for the automatic path.
  /// @param tls For console.port, if it speaks TLS.
  /// @throws std::runtime_error when a path that was given cannot be bound: the text names the option
  ///         and the cause. The automatic one only leaves a warning in the log.
  socket_server(const console_options& options, std::uint16_t port, session_context context,
                std::shared_ptr<boost::asio::ssl::context> tls);
  ~socket_server();

  socket_server(const socket_server&) = delete;
  socket_server& operator=(const socket_server&) = delete;

  /// Of operators; empty if there is none.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Of TCP, as bound; 0 if there is none.
  [[nodiscard]] std::uint16_t port() const noexcept { return tcp_ ? tcp_->local_endpoint().port() : 0; }

  /// Sessions that come from now on need these tokens; those that are there stay. Thread: one at a time.
  void change_tokens(const console_options& options) { tokens_.change(options); }

  /// Sessions that come from now on get this one.
  void renew(std::shared_ptr<boost::asio::ssl::context> tls);

private:
  struct door;

  void open(std::string path, role may);
  void accept(door& at);
  void welcome(local_socket peer, role may);
  void listen(const console_options& options);
  void accept_tcp();
  void welcome(tcp_socket peer);
  /// Opens a session, if there may be one more.
  void begin(std::unique_ptr<stream> peer, operator_identity who, std::string input);

  session_context context_;
  std::size_t max_sessions_;
  access tokens_;
  std::size_t guests_ = 0; // who have not shown a token yet
  boost::asio::io_context io_{1};
  std::list<door> doors_;
  std::chrono::milliseconds patience_; // with those who have not shown a token yet
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::optional<boost::asio::ip::tcp::acceptor> tcp_;
  boost::asio::steady_timer tcp_pause_{io_};
  std::vector<std::weak_ptr<session>> sessions_;
  std::string path_;
  std::thread thread_;
};

} // namespace troupe::app::console
