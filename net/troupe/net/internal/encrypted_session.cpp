// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/http_session_impl.hpp>
#include <troupe/net/internal/tls_stream.hpp>

namespace troupe::net {

namespace {

constexpr char tls_handshake_record = 0x16; // RFC 8446, section 5.1

/// Looks at the first byte: it tells TLS from a browser that was sent to the wrong port.
struct first_byte {
  first_byte(tcp_socket s, ticket t)
    : socket(std::move(s)), place(std::move(t)),
      deadline([](void* self) {
        error_code ignored;
        static_cast<first_byte*>(self)->socket.close(ignored);
      }, this) {}

  tcp_socket socket;
  ticket place;
  timer deadline;
};

/// Every step waits for its turn, for nobody knows which one is going to sign: that takes as long as hundreds of
/// messages.
void shake_hands(io_loop& loop, std::shared_ptr<http_session<tls_stream>> session) {
  auto& stream = session->stream();
  const auto now = stream.shake_hands();
  if (now.is == io_outcome::state::done) return now.error ? session->close() : session->read();
  const auto what = now.is == io_outcome::state::wants_read ? tcp_socket::wait_read : tcp_socket::wait_write;
  stream.next_layer().async_wait(what, [&loop, session = std::move(session)](error_code ec) mutable {
    if (ec) return session->close();
    loop.post_slow([&loop, session = std::move(session)] { shake_hands(loop, session); });
  });
}

} // namespace

template class ws_session<tls_stream>;
template class stream_session<tls_stream>;

void serve_encrypted(session_context& context, io_loop& loop, tcp_socket socket, ticket place,
                     admission::verdict verdict, std::shared_ptr<asio::ssl::context> tls) {
  auto peek = std::make_shared<first_byte>(std::move(socket), std::move(place));
  const auto expires = loop.now() + context.options.limit.handshake_timeout;
  loop.timers().arm(peek->deadline, expires);
  peek->socket.async_wait(
    tcp_socket::wait_read, [&context, &loop, peek, verdict, expires, tls = std::move(tls)](error_code ec) {
      char first = 0;
      if (!ec) peek->socket.receive(asio::buffer(&first, 1), asio::socket_base::message_peek, ec);
      if (ec) return;
      if (first == tls_handshake_record)
        return loop.post_slow([&context, &loop, peek, verdict, expires, tls] {
          if (!peek->socket.is_open()) return; // it took too long
          peek->deadline.cancel();
          auto session = std::make_shared<http_session<tls_stream>>(
            context, loop, tls_stream{std::move(peek->socket), *tls}, std::move(peek->place), verdict);
          session->expire_at(expires);
          shake_hands(loop, std::move(session));
        });
      peek->deadline.cancel();
      const auto plain = std::make_shared<http_session<tcp_socket>>(
        context, loop, std::move(peek->socket), std::move(peek->place), verdict);
      plain->expire_at(expires);
      plain->refuse(http::status::bad_request, "this port speaks TLS");
    });
}

} // namespace troupe::net
