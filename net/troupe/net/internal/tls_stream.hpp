// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TLS STREAM: the server's side of TLS over a socket. OpenSSL reads and writes the socket by itself and has
// buffers only while a record is under way; asio::ssl::stream holds 68 KiB for as long as it lives.
// Thread: its loop. Owner: a session, whose handlers keep it where it is while an operation is under way.
// Ends when: its socket is closed; operations under way are then aborted.
#pragma once
#include <troupe/net/internal/aliases.hpp>
#include <troupe/net/internal/io_outcome.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/bind_handler.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace troupe::net {

class tls_stream {
public:
  using executor_type = io_executor;
  using next_layer_type = tcp_socket;

  /// @throws std::bad_alloc.
  tls_stream(tcp_socket&& socket, asio::ssl::context& context);

  executor_type get_executor() noexcept { return socket_.get_executor(); }
  tcp_socket& next_layer() noexcept { return socket_; }

  // -- at once -------------------------------------------------------------------------------------

  /// Reads what has come. @returns eof after the peer's close_notify, stream_truncated without one.
  io_outcome read(std::span<char> into) noexcept;
  /// Writes a part of this. What was refused with wants_write has to be the beginning of the next try.
  io_outcome write(std::string_view bytes) noexcept;
  /// As much of the handshake as what has come allows; one of its steps signs, which takes long.
  io_outcome shake_hands() noexcept;
  /// More of what was read from the socket is left: waiting for the socket would not tell.
  [[nodiscard]] bool has_rest() const noexcept;

  // -- later ---------------------------------------------------------------------------------------

  /// Sends a close_notify and does not wait for the peer's.
  template <class Handler>
  void async_shutdown(Handler handler) {
    begin([this] { return notify(); }, std::move(handler));
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
      [this](auto handler, const Buffers& into) {
        begin([this, first = first_of<asio::mutable_buffer>(into)] {
          return read({static_cast<char*>(first.data()), first.size()});
        }, std::move(handler));
      },
      token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
      [this](auto handler, const Buffers& from) {
        begin([this, first = first_of<asio::const_buffer>(from)] {
          return write({static_cast<const char*>(first.data()), first.size()});
        }, std::move(handler));
      },
      token, buffers);
  }

private:
  struct deleter {
    void operator()(ssl_st* session) const noexcept;
  };

  io_outcome notify() noexcept;
  [[nodiscard]] io_outcome result_of(int done) const noexcept;

  /// The first buffer that is not empty, if there is one.
  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& all) {
    for (auto it = asio::buffer_sequence_begin(all); it != asio::buffer_sequence_end(all); ++it)
      if (const Buffer b = *it; b.size() != 0) return b;
    return {};
  }

  template <class Try, class Handler>
  void begin(Try attempt, Handler handler) {
    const io_outcome now = attempt();
    if (now.is != io_outcome::state::done) return await(now, std::move(attempt), std::move(handler));
    asio::post(get_executor(), beast::bind_handler(std::move(handler), now.error, now.bytes));
  }

  template <class Try, class Handler>
  void await(const io_outcome& before, Try attempt, Handler handler) {
    const auto what = before.is == io_outcome::state::wants_read ? tcp_socket::wait_read : tcp_socket::wait_write;
    socket_.async_wait(what, [this, attempt, h = std::move(handler)](error_code ec) mutable {
      const auto now = ec ? io_outcome{.error = ec} : attempt();
      if (now.is != io_outcome::state::done) return await(now, std::move(attempt), std::move(h));
      h(now.error, now.bytes);
    });
  }

  tcp_socket socket_;
  std::unique_ptr<ssl_st, deleter> session_;
};

} // namespace troupe::net
