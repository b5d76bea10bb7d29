// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// PROXIED SOCKET: a connection of a trusted proxy until it has said who its client is.
// Thread: its loop. Owner: the handlers under way. Bounded by: limit_options::handshake_timeout, the size of a
// PROXY header. Ends when: the header is read, or the socket is closed.
#pragma once
#include <troupe/net/internal/admission.hpp>
#include <troupe/net/internal/session_context.hpp>

#include <functional>

namespace troupe::net {

/// Reads the header, has the client's address count for it, and calls `serve`. A socket without a proper header
/// is closed.
void await_proxy_header(session_context& context, io_loop& loop, tcp_socket socket, ticket place,
                        std::function<void(tcp_socket, ticket, admission::verdict)> serve);

} // namespace troupe::net
