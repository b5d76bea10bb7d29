// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TCP GUEST: who came over TCP and has to show a token before there is a session: {"token":"..."}.
// Thread: the console server's. Owner: its handlers. Bounded by: max_bytes and `patience` for the token, TLS
// included; who has none is answered after a second. Ends: as a session, or closed.
#pragma once
#include "app/console/access.hpp"
#include "app/console/stream.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace troupe::app::console {

class tcp_guest : public std::enable_shared_from_this<tcp_guest> {
public:
  static constexpr std::size_t max_bytes = 1024;

  /// Called once: with what it may do, and what it has said after its token; or with nothing.
  using verdict = std::function<void(std::unique_ptr<stream> who, std::optional<role> may, std::string rest)>;

  tcp_guest(boost::asio::io_context& io, std::chrono::milliseconds patience, const access& tokens, verdict then);

  void enter(tcp_socket peer);
  void enter(tls_socket peer);

private:
  void read();
  void on_token(std::string_view line);
  void turn_away();

  const access& tokens_;
  verdict then_;
  boost::asio::steady_timer deadline_;
  std::unique_ptr<stream> peer_;
  std::string input_;
  std::array<char, max_bytes> piece_;
};

} // namespace troupe::app::console
