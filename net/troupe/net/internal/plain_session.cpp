// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/http_session_impl.hpp>

namespace troupe::net {

template class ws_session<tcp_socket>;
template class stream_session<tcp_socket>;

void serve_plain(session_context& context, io_loop& loop, tcp_socket socket, ticket place,
                 admission::verdict verdict) {
  std::make_shared<http_session<tcp_socket>>(context, loop, std::move(socket), std::move(place),
                                             verdict)
    ->run();
}

} // namespace troupe::net
