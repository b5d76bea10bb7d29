// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SITE: one server that requests go to: its idle connections, and who waits for one.
// Thread: the client's. Bounded by: client_limits.
#pragma once
#include <troupe/net/internal/aliases.hpp>
#include <troupe/net/web/client.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <deque>
#include <memory>
#include <variant>
#include <vector>

namespace troupe::net::web::internal {

using clock = std::chrono::steady_clock;

/// An open connection. Whoever holds it uses it.
struct connection {
  std::variant<beast::tcp_stream, beast::ssl_stream<beast::tcp_stream>> stream;
  clock::time_point idle_since{};

  beast::tcp_stream& lowest();
  /// Whether the server has neither closed it nor said anything unasked.
  [[nodiscard]] bool is_usable();
};

class site {
public:
  explicit site(const client_limits& limits) : limits_(limits) {}

  /// The right to use one connection; given back when it goes.
  class place {
  public:
    explicit place(site& of) : of_(&of) {}
    place(place&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    place& operator=(place&&) = delete;
    ~place() {
      if (of_) of_->leave();
    }

  private:
    site* of_;
  };

  /// Nothing if there are too many already, or none was free by the deadline.
  asio::awaitable<std::variant<place, failure>> enter(asio::io_context& context, clock::time_point deadline);
  /// Null if none is idle.
  std::unique_ptr<connection> take_idle();
  void keep(std::unique_ptr<connection> idle);
  /// Closes what has been idle for too long. @returns whether some are left.
  bool prune(clock::time_point now);
  void close_idle() { idle_.clear(); }

private:
  struct waiter {
    asio::steady_timer timer;
    bool called = false;
  };
  void leave();

  const client_limits& limits_;
  std::size_t used_ = 0;
  std::deque<waiter*> waiting_;
  std::vector<std::unique_ptr<connection>> idle_; // the longest first
};

} // namespace troupe::net::web::internal
