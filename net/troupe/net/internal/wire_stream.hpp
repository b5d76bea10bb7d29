// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WIRE STREAM: the layer below beast::websocket::stream. What Beast writes itself (handshake, pong,
// close) goes into the same outbox as our shared frames, so they can never interleave; what it reads
// passes the frame scanner first. Sockets belong to the session, which shuts them down, not Beast. A session
// that has read from the socket itself gives Beast what it got. See readers.hpp for who attaches to it when.
#pragma once
#include <troupe/net/internal/aliases.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::net {

/// What a wire_stream needs of its session.
class wire_owner {
public:
  /// Beast wrote this. @returns false if the bound for control frames is exceeded.
  virtual bool write_raw(std::string_view bytes) = 0;
  /// These bytes came from the peer. @returns false if they must not be used.
  virtual bool check_input(std::string_view bytes) = 0;

protected:
  virtual ~wire_owner() = default;
};

/// Deliberately without next_layer(): for Beast this is the lowest layer.
template <class Lower>
class wire_stream {
public:
  using executor_type = io_executor;

  explicit wire_stream(executor_type executor) : executor_(std::move(executor)) {}

  executor_type get_executor() noexcept { return executor_; }

  /// Reads from `lower` and writes to `owner` from now on, which must outlive that. Nothing is under way.
  void attach(Lower& lower, wire_owner& owner) noexcept {
    lower_ = &lower;
    owner_ = &owner;
  }
  /// Back to nobody: there is nothing to read, and what is written is lost.
  void detach() noexcept {
    lower_ = nullptr;
    owner_ = nullptr;
  }

  /// The next read gets these bytes. They must live until take_back().
  void give(std::string_view bytes) noexcept { given_ = bytes; }
  /// @returns what of them no read has taken.
  std::string_view take_back() noexcept { return std::exchange(given_, {}); }

  /// The session is reading from the socket: whoever wants to read meanwhile waits for release().
  void hold() noexcept { held_ = true; }
  /// What the session got is for who waits, or for the next read: an error, or bytes as of give(). Ends hold().
  void release(error_code ec, std::string_view bytes) {
    held_ = false;
    failed_ = ec;
    given_ = bytes;
    if (const auto next = std::move(waiting_)) next->read_again();
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
      [this](auto handler, const Buffers& into) {
        if (held_) {
          waiting_ = std::make_unique<waiting_read<Buffers, decltype(handler)>>(*this, into, std::move(handler));
          return;
        }
        if (const auto ec = std::exchange(failed_, {}))
          return asio::post(get_executor(), beast::bind_handler(std::move(handler), ec, 0));
        if (!given_.empty()) {
          error_code ec;
          const auto n = read_some(into, ec);
          return asio::post(get_executor(), beast::bind_handler(std::move(handler), ec, n));
        }
        lower_->async_read_some(into, [this, into, h = std::move(handler)](
                                       error_code ec, std::size_t n) mutable {
          if (!ec && !check(into, n)) ec = asio::error::connection_aborted;
          h(ec, ec ? 0 : n);
        });
      },
      token, buffers);
  }

  /// Completes when the bytes are queued; they leave at the end of the turn.
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
      [this](auto handler, const Buffers& from) {
        const auto ec = queue(from) ? error_code{} : asio::error::no_buffer_space;
        asio::post(get_executor(), beast::bind_handler(std::move(handler), ec, asio::buffer_size(from)));
      },
      token, buffers);
  }

  /// Reads what was given, at once; its end is that of the stream.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& ec) {
    ec = asio::error::eof;
    if (given_.empty()) return 0;
    const auto n = asio::buffer_copy(buffers, asio::buffer(given_));
    ec = owner_->check_input(given_.substr(0, n)) ? error_code{} : asio::error::connection_aborted;
    given_.remove_prefix(n);
    return ec ? 0 : n;
  }
  /// Queues it at once, likewise. To open a reader Beast writes to nobody: then it is lost.
  template <class Buffers>
  std::size_t write_some(const Buffers& from, error_code& ec) {
    ec = owner_ && !queue(from) ? asio::error::no_buffer_space : error_code{};
    return asio::buffer_size(from);
  }
  // Beast's way to open a reader has calls of these; they never come.
  template <class Buffers>
  std::size_t read_some(const Buffers&) {
    throw boost::system::system_error{asio::error::eof};
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& from) {
    return asio::buffer_size(from);
  }

  friend void beast_close_socket(wire_stream&) {}
  friend void teardown(beast::role_type, wire_stream&, error_code& ec) { ec = {}; }
  template <class Handler>
  friend void async_teardown(beast::role_type, wire_stream& s, Handler&& handler) {
    asio::post(s.get_executor(), beast::bind_handler(std::forward<Handler>(handler), error_code{}));
  }

private:
  struct waiting {
    virtual ~waiting() = default;
    virtual void read_again() = 0;
  };
  template <class Buffers, class Handler>
  struct waiting_read final : waiting {
    waiting_read(wire_stream& from, const Buffers& into, Handler&& handler)
      : from_(from), into_(into), handler_(std::move(handler)) {}
    void read_again() override { from_.async_read_some(into_, std::move(handler_)); }

    wire_stream& from_;
    Buffers into_;
    Handler handler_;
  };

  template <class Buffers>
  bool queue(const Buffers& from) {
    std::string bytes(asio::buffer_size(from), '\0');
    asio::buffer_copy(asio::buffer(bytes), from);
    return owner_->write_raw(bytes);
  }

  template <class Buffers>
  bool check(const Buffers& buffers, std::size_t n) {
    for (auto it = asio::buffer_sequence_begin(buffers);
         n != 0 && it != asio::buffer_sequence_end(buffers); ++it) {
      const asio::const_buffer b = *it;
      const auto size = std::min(n, b.size());
      if (!owner_->check_input({static_cast<const char*>(b.data()), size})) return false;
      n -= size;
    }
    return true;
  }

  executor_type executor_;
  Lower* lower_ = nullptr;
  wire_owner* owner_ = nullptr;
  std::string_view given_;
  std::unique_ptr<waiting> waiting_;
  error_code failed_;
  bool held_ = false;
};

} // namespace troupe::net
