// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// RECEIVER: an HTTP server on loopback that answers as it is told.
#pragma once
#include <troupe/net/internal/aliases.hpp>
#include <troupe/net/web/address.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

namespace troupe::net::web::tests {

using posted = http::request<http::string_body>;

struct reply {
  enum class then { stay, close, silence };
  unsigned status = 200;
  std::string body = "{}";
  std::chrono::milliseconds after{0};
  then next = then::stay; ///< To the connection: close does so after the answer, unannounced; silence before it.
};

class receiver {
public:
  using tcp = asio::ip::tcp;
  using script = std::function<reply(const posted&)>;

  /// @param answer Called on the receiver's thread.
  explicit receiver(script answer, std::uint16_t port = 0)
    : answer_(std::move(answer)), acceptor_(context_, {asio::ip::address_v4::loopback(), port}) {
    asio::co_spawn(context_, accept(), asio::detached);
    thread_ = std::thread{[this] { context_.run(); }};
  }
  ~receiver() {
    context_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port()) + target;
  }
  [[nodiscard]] address to(const std::string& target = "/") const { return *parse_address(url(target)); }

  std::atomic<int> connections{0};
  std::atomic<int> requests{0};
  std::atomic<int> open{0};      ///< Requests not answered yet.
  std::atomic<int> most_open{0}; ///< At once.

private:
  asio::awaitable<void> accept() {
    for (;;) {
      auto peer = co_await acceptor_.async_accept(asio::use_awaitable);
      ++connections;
      asio::co_spawn(context_, serve(std::move(peer)), [](std::exception_ptr) {});
    }
  }

  asio::awaitable<void> serve(tcp::socket peer) {
    beast::flat_buffer buffer;
    for (;;) {
      posted request;
      co_await http::async_read(peer, buffer, request, asio::use_awaitable);
      ++requests;
      ++open;
      most_open = std::max(most_open.load(), open.load());
      const auto how = answer_(request);
      if (how.after.count() != 0) {
        asio::steady_timer timer{context_, how.after};
        co_await timer.async_wait(asio::use_awaitable);
      }
      --open;
      if (how.next == reply::then::silence) co_return;
      http::response<http::string_body> message{static_cast<http::status>(how.status), 11};
      message.body() = how.body;
      message.prepare_payload();
      co_await http::async_write(peer, message, asio::use_awaitable);
      if (how.next == reply::then::close) co_return;
    }
  }

  script answer_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

} // namespace troupe::net::web::tests
