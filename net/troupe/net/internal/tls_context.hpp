// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TLS CONTEXT: what encrypted connections are opened with. Those that are open keep the one they have.
#pragma once
#include <troupe/net/options.hpp>

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace troupe::net {

/// Loads certificate and key; HTTP/1.1 is the one protocol to agree on (RFC 7301).
/// @throws std::runtime_error naming the file that does not serve.
std::shared_ptr<boost::asio::ssl::context> load_tls(const tls_options& options);

} // namespace troupe::net
