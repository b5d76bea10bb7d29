// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// STREAM: what a session speaks over: a Unix socket, TCP or TLS. Thread: the console server's. Handlers are called
// once, later; close() has those under way called with an error.
#pragma once
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace troupe::app::console {

class stream {
public:
  using error_code = boost::system::error_code;
  using handler = std::function<void(error_code, std::size_t)>;

  virtual ~stream() = default;
  virtual void read_some(boost::asio::mutable_buffer into, handler then) = 0;
  virtual void write_some(boost::asio::const_buffer from, handler then) = 0;
  virtual void close() = 0;
  [[nodiscard]] virtual bool is_open() const = 0;
};

using local_socket = boost::asio::local::stream_protocol::socket;
using tcp_socket = boost::asio::ip::tcp::socket;
using tls_socket = boost::asio::ssl::stream<tcp_socket>;

template <class Socket>
class stream_over final : public stream {
public:
  explicit stream_over(Socket socket) : socket_{std::move(socket)} {}

  void read_some(boost::asio::mutable_buffer into, handler then) override {
    socket_.async_read_some(into, std::move(then));
  }
  void write_some(boost::asio::const_buffer from, handler then) override {
    socket_.async_write_some(from, std::move(then));
  }
  void close() override {
    error_code ignored;
    socket_.lowest_layer().close(ignored);
  }
  [[nodiscard]] bool is_open() const override { return socket_.lowest_layer().is_open(); }
  [[nodiscard]] Socket& socket() noexcept { return socket_; }

private:
  Socket socket_;
};

} // namespace troupe::app::console
