// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/internal/http_get.hpp>

#include <troupe/net/auth/internal/look_up.hpp>
#include <troupe/net/internal/aliases.hpp>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>


namespace troupe::net::auth::internal {
namespace {

using http_request = http::request<http::empty_body>;

/// Begins an operation with a handler and runs the context until it is through, in time or not.
template <class Begin>
error_code finish(asio::io_context& context, Begin begin) {
  error_code result = asio::error::timed_out;
  begin([&result](error_code ec, auto&&...) { result = ec; });
  context.restart();
  context.run();
  return result;
}

get_result exchange(asio::io_context& context, auto& stream, const http_request& request,
                    std::size_t max_bytes) {
  auto ec = finish(context, [&](auto done) { http::async_write(stream, request, done); });
  if (ec) return {{}, "sending failed: " + ec.message()};
  beast::flat_buffer buffer{max_bytes + 16 * 1024};
  http::response_parser<http::string_body> parser;
  parser.body_limit(max_bytes);
  ec = finish(context, [&](auto done) { http::async_read(stream, buffer, parser, done); });
  if (ec) return {{}, "receiving failed: " + ec.message()};
  auto response = parser.release();
  if (response.result() != http::status::ok)
    return {{}, "the status is " + std::to_string(response.result_int())};
  return {std::move(response.body()), {}};
}

get_result encrypted(asio::io_context& context, beast::tcp_stream lower, const web_address& to,
                     const http_request& request, std::size_t max_bytes) {
  error_code ec;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  tls.set_default_verify_paths(ec);
  beast::ssl_stream<beast::tcp_stream> stream{std::move(lower), tls};
  stream.set_verify_mode(asio::ssl::verify_peer, ec);
  stream.set_verify_callback(asio::ssl::host_name_verification{to.host}, ec);
  if (ec || SSL_set_tlsext_host_name(stream.native_handle(), to.host.c_str()) != 1)
    return {{}, "TLS cannot be set up"};
  ec = finish(context, [&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, done); });
  if (ec) return {{}, "the TLS handshake failed: " + ec.message()};
  return exchange(context, stream, request, max_bytes);
}

} // namespace

get_result http_get(const web_address& from, const get_limits& limits) try {
  const auto host = look_up(from.host, from.port, limits.timeout);
  if (host.found.empty()) return {{}, host.why};
  asio::io_context context{1};
  beast::tcp_stream stream{context};
  stream.expires_after(limits.timeout);
  auto ec = finish(context, [&](auto done) { stream.async_connect(host.found, done); });
  if (ec) return {{}, "connecting failed: " + ec.message()};
  http_request request{http::verb::get, from.target, 11};
  const bool is_ipv6 = from.host.find(':') != from.host.npos;
  request.set(http::field::host, (is_ipv6 ? '[' + from.host + ']' : from.host) + ':' + from.port);
  request.set(http::field::user_agent, "Troupe");
  request.set(http::field::accept, "application/json");
  request.keep_alive(false);
  if (from.is_encrypted) return encrypted(context, std::move(stream), from, request, limits.max_bytes);
  return exchange(context, stream, request, limits.max_bytes);
} catch (const std::exception& error) {
  return {{}, error.what()};
}

} // namespace troupe::net::auth::internal
