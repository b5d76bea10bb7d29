// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LISTENER: accepts on one port and deals sockets out to the loops in turn. Survives every error of
// accept(): without descriptors it turns the client at the head of the queue away, backs off, and
// tries again.
// Thread: loop 0. Owner: the server. Bounded by: the accept rate; the kernel holds the backlog.
#pragma once
#include <troupe/net/internal/admission.hpp>
#include <troupe/net/internal/session_context.hpp>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::net {

class listener {
public:
  /// Binds and listens. @throws std::runtime_error naming `option` and the cause.
  /// @param tls Empty for plain HTTP.
  listener(session_context& context, std::shared_ptr<admission> gate,
           const std::vector<std::unique_ptr<io_loop>>& loops,
           const std::string& address, std::uint16_t port, std::string option,
           std::shared_ptr<asio::ssl::context> tls);
  ~listener();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Begins to accept. Loop 0 only, like renew() and close().
  void start();
  /// What sockets accepted from now on speak TLS with; nothing for a plain listener.
  void renew(std::shared_ptr<asio::ssl::context> tls) {
    if (tls_) tls_ = std::move(tls);
  }
  void close();

private:
  void accept();
  void on_accept(error_code ec, tcp_socket socket, io_loop& loop);
  /// On the loop's thread.
  void serve(io_loop& loop, tcp_socket socket, ticket place, admission::verdict verdict);
  void on_error(error_code ec);
  void turn_away();
  void after(host::clock::duration delay);
  [[nodiscard]] host::clock::duration pace();

  session_context& context_;
  std::shared_ptr<admission> gate_;
  const std::vector<std::unique_ptr<io_loop>>& loops_;
  std::shared_ptr<asio::ssl::context> tls_;
  tcp_acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
  std::size_t next_loop_ = 0;
  int spare_ = -1; // a descriptor to give up when there are no others
  host::clock::duration back_off_{};
  host::clock::time_point logged_{};
  double tokens_ = 1;
  host::clock::time_point refilled_{};
};

} // namespace troupe::net
