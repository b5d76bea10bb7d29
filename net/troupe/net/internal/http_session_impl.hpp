// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The class behind http_session.hpp: included only where it is instantiated.
#pragma once
#include <troupe/net/internal/http_session.hpp>
#include <troupe/net/internal/ws_session_impl.hpp>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

namespace troupe::net {

template <class Lower>
class http_session : public std::enable_shared_from_this<http_session<Lower>> {
public:
  using request = http::request<http::string_body>;
  using response = http::response<http::string_body>;

  http_session(session_context& context, io_loop& loop, Lower&& stream, ticket place,
               admission::verdict verdict)
    : context_(context), loop_(loop), stream_(std::move(stream)), place_(std::move(place)),
      verdict_(verdict), buffer_(context.options.limit.header_bytes + body_limit),
      deadline_([](void* s) { static_cast<http_session*>(s)->close(); }, this) {}

  /// Serves requests, the first one within the handshake timeout from now.
  void run() {
    expire_at(loop_.now() + context_.options.limit.handshake_timeout);
    read();
  }

  /// Closes it then, unless it is upgraded or has got its answer by then.
  void expire_at(host::clock::time_point deadline) {
    expires_ = deadline;
    loop_.timers().arm(deadline_, expires_);
  }

  Lower& stream() noexcept { return stream_; }

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(context_.options.limit.header_bytes));
    parser_->body_limit(body_limit);
    http::async_read(stream_, buffer_, *parser_,
                     [s = self()](error_code ec, std::size_t) { s->on_read(ec); });
  }

  void close() {
    error_code ignored;
    deadline_.cancel();
    beast::get_lowest_layer(stream_).close(ignored);
  }

  /// Answers and closes without having read a request.
  void refuse(http::status status, std::string text) {
    response answer{status, 11};
    answer.body() = std::move(text) + "\n";
    send(std::move(answer), false);
  }

private:
  static constexpr std::size_t body_limit = 64 * 1024;

  auto self() { return this->shared_from_this(); }

  void on_read(error_code ec) {
    if (ec == http::error::end_of_stream) return shut_down();
    if (ec == http::error::header_limit)
      return refuse(http::status::request_header_fields_too_large, "request header too large");
    if (ec == http::error::body_limit)
      return refuse(http::status::payload_too_large, "request body too large");
    if (ec && ec.category() == http::make_error_code(http::error::bad_method).category())
      return refuse(http::status::bad_request, "malformed request");
    if (ec) return close();
    handle(parser_->release());
  }

  /// Bytes of the request line and the header fields. Beast's own limit holds while it waits for more,
  /// not when all came at once.
  static std::size_t header_size(const request& req) {
    auto size = req.method_string().size() + req.target().size() + std::size(" HTTP/1.1\r\n\r\n");
    for (const auto& field : req)
      size += field.name_string().size() + field.value().size() + std::size(": \r\n") - 1;
    return size;
  }

  /// 24 characters of which two are padding: RFC 6455, section 4.2.1.
  static bool valid_key(beast::string_view key) {
    const auto base64 = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '/'; };
    return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, base64);
  }

  void handle(request req) {
    const auto& limit = context_.options.limit;
    if (req.target().size() > limit.uri_bytes)
      return refuse(http::status::uri_too_long, "request target too long");
    if (static_cast<std::size_t>(std::distance(req.begin(), req.end())) > limit.header_count)
      return refuse(http::status::request_header_fields_too_large, "too many header fields");
    if (header_size(req) > limit.header_bytes)
      return refuse(http::status::request_header_fields_too_large, "request header too large");
    if (req.version() >= 11 && req.count(http::field::host) != 1)
      return refuse(http::status::bad_request, "exactly one Host header is required");
    if (websocket::is_upgrade(req) && !valid_key(req[http::field::sec_websocket_key]))
      return refuse(http::status::bad_request, "Sec-WebSocket-Key is not 16 bytes in base64");
    if (verdict_ != admission::verdict::admitted) {
      const bool node = verdict_ == admission::verdict::node_full;
      return answer(req, {.status = node ? 503U : 429U,
                          .body = node ? "too many connections\n"
                                       : "too many connections from your address\n",
                          .extra_header = "Retry-After", .extra_value = "5"});
    }
    const auto view = [](beast::string_view s) { return std::string_view{s.data(), s.size()}; };
    std::string subprotocols;
    const auto offers = req.equal_range(http::field::sec_websocket_protocol);
    for (auto offer = offers.first; offer != offers.second; ++offer)
      (subprotocols += subprotocols.empty() ? "" : ",") += view(offer->value());
    const auto decided = context_.routes.route({
      .method = view(req.method_string()),
      .target = view(req.target()),
      .host = view(req[http::field::host]),
      .origin = view(req[http::field::origin]),
      .has_origin = req.count(http::field::origin) != 0,
      .wants_websocket = websocket::is_upgrade(req),
      .subprotocols = subprotocols,
    });
    if (decided.status != 101) return answer(req, decided);
    if (context_.draining)
      return answer(req, {.status = 503, .body = "shutting down\n",
                          .extra_header = "Retry-After", .extra_value = "1"});
    if (buffer_.size() != 0) // a client must await the answer before it speaks WebSocket
      return refuse(http::status::bad_request, "data after the upgrade request");
    deadline_.cancel();
    opening how{decided.group, place_.address().to_string(), decided.centrifuge};
    std::make_shared<ws_session<Lower>>(context_, loop_, std::move(stream_), std::move(place_))
      ->accept(std::move(req), std::move(how), expires_);
  }

  void answer(const request& req, const decision& decided) {
    response r{static_cast<http::status>(decided.status), req.version()};
    r.set(http::field::content_type, beast::string_view{decided.content_type.data(), decided.content_type.size()});
    if (!decided.extra_header.empty())
      r.set(beast::string_view{decided.extra_header.data(), decided.extra_header.size()},
            beast::string_view{decided.extra_value.data(), decided.extra_value.size()});
    r.body() = decided.body;
    const bool keep = req.keep_alive() && verdict_ == admission::verdict::admitted &&
                      !context_.draining && !websocket::is_upgrade(req);
    if (req.method() != http::verb::head) return send(std::move(r), keep);
    r.content_length(r.body().size());
    r.body().clear();
    send(std::move(r), keep, false);
  }

  void send(response r, bool keep_alive, bool with_length = true) {
    r.set(http::field::server, "Troupe");
    r.set(http::field::cache_control, "no-store");
    r.set("X-Content-Type-Options", "nosniff");
    r.keep_alive(keep_alive);
    if (with_length) r.prepare_payload();
    auto held = std::make_shared<response>(std::move(r));
    http::async_write(stream_, *held, [s = self(), held, keep_alive](error_code ec, std::size_t) {
      if (ec) return s->close();
      if (!keep_alive) return s->shut_down();
      s->run();
    });
  }

  /// Ends our side, then waits for the peer's: closing at once could reset what was just sent.
  void shut_down() {
    if constexpr (is_encrypted<Lower>)
      stream_.async_shutdown([s = self()](error_code) { s->end_stream(); });
    else end_stream();
  }

  void end_stream() {
    error_code ec;
    beast::get_lowest_layer(stream_).shutdown(tcp_socket::shutdown_send, ec);
    if (ec) return close();
    await_end();
  }

  void await_end() {
    beast::get_lowest_layer(stream_).async_read_some(
      asio::buffer(discard_), [s = self()](error_code ec, std::size_t) {
        if (ec) return s->close();
        s->await_end();
      });
  }

  session_context& context_;
  io_loop& loop_;
  Lower stream_;
  ticket place_;
  admission::verdict verdict_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  timer deadline_;
  host::clock::time_point expires_{};
  std::array<char, 512> discard_;
};

} // namespace troupe::net
