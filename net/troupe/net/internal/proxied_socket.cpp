// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/proxied_socket.hpp>

#include <troupe/net/internal/proxy_header.hpp>

#include <boost/asio/read.hpp>

#include <memory>
#include <string>
#include <utility>

namespace troupe::net {

namespace {

class proxied_socket : public std::enable_shared_from_this<proxied_socket> {
public:
  using next = std::function<void(tcp_socket, ticket, admission::verdict)>;

  proxied_socket(session_context& context, io_loop& loop, tcp_socket socket, ticket place, next serve)
    : context_(context), loop_(loop), socket_(std::move(socket)), place_(std::move(place)),
      serve_(std::move(serve)),
      deadline_([](void* self) { static_cast<proxied_socket*>(self)->close(); }, this) {}

  void run() {
    loop_.timers().arm(deadline_, loop_.now() + context_.options.limit.handshake_timeout);
    read();
  }

private:
  void read() {
    bytes_.resize(header_.wants());
    asio::async_read(socket_, asio::buffer(bytes_), [s = shared_from_this()](error_code ec, std::size_t) {
      if (!ec) s->on_read();
    });
  }

  void on_read() {
    switch (header_.take(bytes_)) {
      case proxy_header_reader::state::reading: return read();
      case proxy_header_reader::state::malformed: return close();
      case proxy_header_reader::state::done: break;
    }
    deadline_.cancel();
    if (!header_.source()) return go_on(admission::verdict::admitted);
    if (context_.trusted.contain(*header_.source())) { // a proxy in front of it
      place_.name(*header_.source());
      return go_on(admission::verdict::admitted);
    }
    place_.admit_as(*header_.source(), loop_,
                    [s = shared_from_this()](admission::verdict v) { s->go_on(v); });
  }

  void go_on(admission::verdict v) { serve_(std::move(socket_), std::move(place_), v); }

  void close() {
    error_code ignored;
    deadline_.cancel();
    socket_.close(ignored);
  }

  session_context& context_;
  io_loop& loop_;
  tcp_socket socket_;
  ticket place_;
  next serve_;
  timer deadline_;
  proxy_header_reader header_;
  std::string bytes_;
};

} // namespace

void await_proxy_header(session_context& context, io_loop& loop, tcp_socket socket, ticket place,
                        std::function<void(tcp_socket, ticket, admission::verdict)> serve) {
  std::make_shared<proxied_socket>(context, loop, std::move(socket), std::move(place), std::move(serve))->run();
}

} // namespace troupe::net
