// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The class behind http_session.hpp: included only where it is instantiated.
#pragma once
#include <troupe/net/api/endpoint.hpp>
#include <troupe/net/auth/secret.hpp>
#include <troupe/net/internal/forwarded.hpp>
#include <troupe/net/internal/http_session.hpp>
#include <troupe/net/internal/request_text.hpp>
#include <troupe/net/internal/stream_session.hpp>
#include <troupe/net/internal/ws_session_impl.hpp>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>

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
      deadline_([](void* s) { static_cast<http_session*>(s)->on_deadline(); }, this) {}

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
    sharing_ = {}; // nothing of the request before
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(context_.options.limit.header_bytes));
    parser_->body_limit(context_.api ? std::max(body_limit, context_.api->options().max_body_bytes)
                                     : body_limit);
    http::async_read_header(stream_, buffer_, *parser_,
                            [s = self()](error_code ec, std::size_t) { s->on_header(ec); });
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
  static constexpr std::chrono::seconds answer_timeout{10};

  auto self() { return this->shared_from_this(); }

  void on_header(error_code ec) {
    if (ec) return on_read(ec);
    const auto& head = parser_->get();
    const auto most = is_api(head) ? context_.api->options().max_body_bytes : body_limit;
    if (parser_->content_length().value_or(0) > most) return on_read(http::error::body_limit);
    if (parser_->chunked()) parser_->body_limit(most);
    // Beside the limits of connections and of a request, which handle() looks at later.
    if (is_api(head) && verdict_ == admission::verdict::admitted)
      if (auto refused = context_.api->refuse(head_of(head))) {
        const bool has_body = parser_->chunked() || parser_->content_length().value_or(0) != 0;
        return answer(head, *std::move(refused), has_body ? afterwards::close : afterwards::go_on);
      }
    if (beast::iequals(head[http::field::expect], "100-continue") && !parser_->is_done())
      return go_on();
    read_body();
  }

  /// The client waits for this before it sends a body.
  void go_on() {
    auto held = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
    http::async_write(stream_, *held, [s = self(), held](error_code ec, std::size_t) {
      if (ec) return s->close();
      s->read_body();
    });
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_,
                     [s = self()](error_code ec, std::size_t) { s->on_read(ec); });
  }

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

  /// A list may be spread over several fields (RFC 9110, section 5.3); Beast looks at the first.
  static void join_lists(request& req) {
    for (const auto name : {http::field::connection, http::field::upgrade, http::field::sec_websocket_extensions}) {
      if (req.count(name) < 2) continue;
      std::string all;
      const auto fields = req.equal_range(name);
      for (auto field = fields.first; field != fields.second; ++field)
        all.append(all.empty() ? "" : ", ").append(field->value().data(), field->value().size());
      req.set(name, all);
    }
  }

  /// Seconds, not the same for everyone: who was refused together must not come back together.
  static std::string_view retry_after() {
    static constexpr std::array<std::string_view, 8> seconds{"3", "7", "2", "5", "9", "4", "8", "6"};
    static std::atomic<unsigned> next{0};
    return seconds[next++ % seconds.size()];
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
    join_lists(req);
    if (websocket::is_upgrade(req)) {
      if (req.count(http::field::sec_websocket_key) != 1 || !valid_key(req[http::field::sec_websocket_key]))
        return refuse(http::status::bad_request, "one Sec-WebSocket-Key of 16 bytes in base64 is required");
      if (req.count(http::field::sec_websocket_version) != 1)
        return refuse(http::status::bad_request, "exactly one Sec-WebSocket-Version is required");
    }
    if (verdict_ != admission::verdict::admitted) {
      if (verdict_ == admission::verdict::address_full) return answer(req, too_many_of_address());
      return answer(req, {.status = 503, .body = "too many connections\n",
                          .extra_header = "Retry-After", .extra_value = retry_after()});
    }
    if (is_api(req)) return call(std::move(req));
    std::string subprotocols;
    const auto offers = req.equal_range(http::field::sec_websocket_protocol);
    for (auto offer = offers.first; offer != offers.second; ++offer)
      (subprotocols += subprotocols.empty() ? "" : ",") += view(offer->value());
    auto decided = context_.routes.route({
      .method = view(req.method_string()),
      .target = view(req.target()),
      .host = view(req[http::field::host]),
      .origin = view(req[http::field::origin]),
      .has_origin = req.count(http::field::origin) != 0,
      .wants_websocket = websocket::is_upgrade(req),
      .subprotocols = subprotocols,
      .authorization = view(req[http::field::authorization]),
      .content_type = view(req[http::field::content_type]),
      .wanted_headers = view(req["Access-Control-Request-Headers"]),
      .fetch_site = view(req["Sec-Fetch-Site"]),
      .body = req.body(),
    });
    sharing_ = std::move(decided.sharing);
    if (decided.later) return await(std::move(req), decided.later);
    if (decided.status != 101) return answer(req, decided);
    const auto client = client_of(req);
    if (client && context_.trusted.contain(*client)) place_.name(*client);
    else if (client) return admit_as(*client, std::move(req), std::move(decided));
    let_in(std::move(req), std::move(decided));
  }

  /// An upgrade whose client is known.
  void let_in(request req, decision decided) {
    auto token = decided.centrifuge ? std::string{} : token_of(req);
    if (token.empty() && !decided.centrifuge && context_.options.websocket.require_token)
      return answer(req, unauthorized("a token is required\n"));
    if (token.empty() && !context_.counts_upgrades()) return upgrade(std::move(req), decided, {});
    ask_doorkeeper(std::move(req), std::move(decided), std::move(token));
  }

  void upgrade(request req, const decision& decided, troupe::centrifuge::connection_grant granted) {
    if (context_.draining)
      return answer(req, {.status = 503, .body = "shutting down\n",
                          .extra_header = "Retry-After", .extra_value = retry_after()});
    if (context_.memory.now() != memory_budget::level::normal)
      return answer(req, {.status = 503, .body = "out of memory for more connections\n",
                          .extra_header = "Retry-After", .extra_value = retry_after()});
    if (buffer_.size() != 0) // a client must await the answer before it speaks WebSocket
      return refuse(http::status::bad_request, "data after the upgrade request");
    deadline_.cancel();
    opening how{decided.group, place_.address().to_string(), decided.centrifuge, decided.route,
                is_encrypted<Lower>, std::move(granted), passed_on(req)};
    if (decided.stream) {
      std::make_shared<stream_session<Lower>>(context_, loop_, std::move(stream_), std::move(place_))
        ->accept({decided.stream->format, decided.stream->commands, std::move(sharing_.origin), req.version() >= 11},
                 std::move(how));
      return;
    }
    std::make_shared<ws_session<Lower>>(context_, loop_, std::move(stream_), std::move(place_))
      ->accept(std::move(req), std::move(how), expires_);
  }

  /// The headers that webhooks get.
  std::shared_ptr<const troupe::centrifuge::request_headers> passed_on(const request& req) const {
    std::shared_ptr<troupe::centrifuge::request_headers> headers;
    for (const auto& name : context_.options.webhook.http_headers) {
      const auto value = req[name];
      if (value.empty()) continue;
      if (!headers) headers = std::make_shared<troupe::centrifuge::request_headers>();
      headers->emplace_back(name, view(value));
    }
    return headers;
  }

  // -- who may enter ---

  /// Whom a trusted proxy names; nothing if the peer is none, or does not.
  std::optional<asio::ip::address> client_of(const request& req) const {
    const auto kind = context_.options.proxy.header;
    if (kind == proxy_header::none || !context_.trusted.contain(place_.address())) return std::nullopt;
    std::string all;
    const auto fields = req.equal_range(kind == proxy_header::forwarded ? "Forwarded" : "X-Forwarded-For");
    for (auto field = fields.first; field != fields.second; ++field)
      (all += all.empty() ? "" : ",") += view(field->value());
    return client_address(kind, all, context_.trusted);
  }

  void admit_as(const asio::ip::address& client, request req, decision decided) {
    waiting_ = std::make_shared<request>(std::move(req));
    place_.admit_as(client, loop_, [s = self(), asked = waiting_, decided = std::move(decided)](
                                     admission::verdict v) mutable {
      if (s->waiting_ != asked) return; // too late
      s->waiting_.reset();
      if (v == admission::verdict::admitted) s->let_in(std::move(*asked), std::move(decided));
      else s->answer(*asked, too_many_of_address());
    });
  }

  static decision too_many_of_address() {
    return {.status = 429, .body = "too many connections from your address\n",
            .extra_header = "Retry-After", .extra_value = retry_after()};
  }

  /// That of an upgrade, as browsers can send it and as others do; empty if there is none, or nobody could tell
  /// what it is worth.
  std::string token_of(const request& req) const {
    if (!context_.knows_tokens) return {};
    if (const auto named = auth::credentials(view(req[http::field::authorization]), "Bearer"); !named.empty())
      return std::string{named};
    return parameter(view(req.target()), "token").value_or(std::string{});
  }

  static decision unauthorized(std::string why) {
    return {.status = 401, .body = std::move(why), .extra_header = "WWW-Authenticate", .extra_value = "Bearer"};
  }

  static decision refusal_of(entry_fault fault) {
    switch (fault) {
      case entry_fault::invalid_token: return unauthorized("the token is not valid\n");
      case entry_fault::expired_token: return unauthorized("the token has expired\n");
      case entry_fault::anonymous_token: return {.status = 403, .body = "the token names no user\n"};
      case entry_fault::unavailable:
        return {.status = 503, .body = "tokens cannot be verified now\n",
                .extra_header = "Retry-After", .extra_value = retry_after()};
      case entry_fault::too_many: break;
    }
    return {.status = 429, .body = "too many requests\n",
            .extra_header = "Retry-After", .extra_value = retry_after()};
  }

  void ask_doorkeeper(request req, decision decided, std::string token) {
    waiting_ = std::make_shared<request>(std::move(req));
    auto respond = [s = self(), asked = waiting_, decided = std::move(decided)](entry_verdict verdict) {
      if (s->waiting_ != asked) return; // too late
      s->waiting_.reset();
      if (const auto* fault = std::get_if<entry_fault>(&verdict)) return s->answer(*asked, refusal_of(*fault));
      s->upgrade(std::move(*asked), decided,
                 std::move(std::get<troupe::centrifuge::connection_grant>(verdict)));
    };
    caf::anon_send(context_.doorkeepers[loop_.index()],
                   judge_entry{place_.address().to_string(), std::move(token), std::move(respond)});
  }

  /// Keeps the session while another thread works for it, and lets it go on its own.
  class patience {
  public:
    explicit patience(std::shared_ptr<http_session> who) : who_(std::move(who)) {}
    ~patience() { who_->loop_.post([who = std::move(who_)] {}); }
    patience(const patience&) = delete;
    patience& operator=(const patience&) = delete;
    [[nodiscard]] const std::shared_ptr<http_session>& who() const noexcept { return who_; }

  private:
    std::shared_ptr<http_session> who_;
  };

  /// One request at a time: the next one is read after the answer to this.
  void await(request req, const std::function<void(std::function<void(decision)>)>& later) {
    waiting_ = std::make_shared<request>(std::move(req));
    expire_at(loop_.now() + answer_timeout);
    later([kept = std::make_shared<patience>(self()), asked = waiting_](decision decided) {
      auto who = kept->who();
      auto& loop = who->loop_;
      loop.post([who = std::move(who), asked, decided = std::move(decided)] {
        if (who->waiting_ != asked) return; // too late
        who->waiting_.reset();
        who->expire_at(who->loop_.now() + who->context_.options.limit.handshake_timeout);
        who->answer(*asked, decided);
      });
    });
  }

  // -- the server API ---

  static std::string_view view(beast::string_view s) { return {s.data(), s.size()}; }

  [[nodiscard]] bool is_api(const request& req) const {
    return context_.api && api::endpoint::serves(view(req.target()));
  }

  static api::request_head head_of(const request& req) {
    api::request_head head{.method = view(req.method_string()),
                           .target = view(req.target()),
                           .x_api_key = {},
                           .authorization = view(req[http::field::authorization]),
                           .error_mode = view(req["X-Centrifugo-Error-Mode"])};
    if (const auto key = req.find("X-API-Key"); key != req.end()) head.x_api_key = view(key->value());
    return head;
  }

  /// As await(), on the loop's own thread.
  void call(request req) {
    const auto& options = context_.api->options();
    served_api_ = true;
    waiting_ = std::make_shared<request>(std::move(req));
    expire_at(loop_.now() + options.timeout);
    context_.api->call(loop_.index(), head_of(*waiting_), std::move(waiting_->body()),
                       [s = self(), asked = waiting_](decision decided) {
                         if (s->waiting_ != asked) return; // too late
                         s->waiting_.reset();
                         s->expire_at(s->loop_.now() + s->context_.api->options().timeout);
                         s->answer(*asked, std::move(decided));
                       },
                       [s = self(), asked = waiting_] { return s->waiting_ == asked; });
  }

  void on_deadline() {
    if (!waiting_) return close();
    const auto asked = std::exchange(waiting_, nullptr);
    expire_at(loop_.now() + context_.options.limit.handshake_timeout);
    answer(*asked, {.status = 504, .body = "no answer in time\n"}, afterwards::close);
  }

  /// What an answer allows the connection; the request has its say too.
  enum class afterwards : std::uint8_t { go_on, close };

  void answer(const request& req, decision decided, afterwards then = afterwards::go_on) {
    response r{static_cast<http::status>(decided.status), req.version()};
    const auto set = [&r](auto field, std::string_view value) {
      r.set(field, beast::string_view{value.data(), value.size()});
    };
    set(http::field::content_type, decided.content_type);
    set(http::field::cache_control, decided.cache_control);
    if (!decided.policy.empty()) {
      set("Content-Security-Policy", decided.policy);
      set("X-Frame-Options", "DENY");
    }
    if (!sharing_.origin.empty()) share(r);
    if (!decided.extra_header.empty())
      set(beast::string_view{decided.extra_header.data(), decided.extra_header.size()}, decided.extra_value);
    r.body() = std::move(decided.body);
    const bool keep = then == afterwards::go_on && req.keep_alive() && verdict_ == admission::verdict::admitted &&
                      !context_.draining && !websocket::is_upgrade(req);
    if (req.method() != http::verb::head) return send(std::move(r), keep);
    r.content_length(r.body().size());
    r.body().clear();
    send(std::move(r), keep, false);
  }

  /// Lets pages of another origin see the answer.
  void share(response& r) const {
    r.set(http::field::access_control_allow_origin, sharing_.origin);
    r.set(http::field::access_control_allow_credentials, "true");
    r.set(http::field::vary, "Origin");
    if (sharing_.headers.empty()) return;
    r.set(http::field::access_control_allow_methods, "GET, POST");
    r.set(http::field::access_control_allow_headers, sharing_.headers);
    r.set(http::field::access_control_max_age, "300");
  }

  void send(response r, bool keep_alive, bool with_length = true) {
    r.set(http::field::server, "Troupe");
    if (r.find(http::field::cache_control) == r.end()) r.set(http::field::cache_control, "no-store");
    r.set("X-Content-Type-Options", "nosniff");
    r.keep_alive(keep_alive);
    if (with_length) r.prepare_payload();
    auto held = std::make_shared<response>(std::move(r));
    http::async_write(stream_, *held, [s = self(), held, keep_alive](error_code ec, std::size_t) {
      if (ec) return s->close();
      if (!keep_alive) return s->shut_down();
      s->go_idle();
    });
  }

  /// Awaits the next request: clients of the API longer, which have shown their key.
  void go_idle() {
    expire_at(loop_.now() + (served_api_ ? context_.api->options().keep_alive
                                         : context_.options.limit.handshake_timeout));
    read();
  }

  /// Ends our side, then waits a little for the peer's: closing at once could reset what was just sent.
  void shut_down() {
    expire_at(std::min(expires_, loop_.now() + context_.options.outbox.close_timeout));
    if constexpr (is_encrypted<Lower>)
      stream_.async_shutdown([s = self()](error_code, std::size_t) { s->end_stream(); });
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
  std::shared_ptr<request> waiting_; // for an answer that takes its time
  cors sharing_; // of the request that is served
  bool served_api_ = false;
  std::array<char, 512> discard_;
};

} // namespace troupe::net
