// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HTTP SESSION: a fresh socket until it is upgraded or closed: TLS handshake, requests, answers.
// Thread: its loop. Owner: the handlers under way. Bounded by: the header, URI, body and time limits.
// Ends when: it hands its stream to a ws_session, or closes it.
#pragma once
#include <troupe/net/internal/admission.hpp>
#include <troupe/net/internal/session_context.hpp>

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace troupe::net {

/// Serves a socket that speaks plain HTTP.
void serve_plain(session_context& context, io_loop& loop, tcp_socket socket, ticket place,
                 admission::verdict verdict);

/// Serves a socket that speaks TLS; one that speaks plain HTTP gets a 400.
void serve_encrypted(session_context& context, io_loop& loop, tcp_socket socket, ticket place,
                     admission::verdict verdict, std::shared_ptr<asio::ssl::context> tls);

} // namespace troupe::net
