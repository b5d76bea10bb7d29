// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/web/client.hpp>

#include <troupe/net/web/internal/site.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <pthread.h>

#include <future>
#include <map>
#include <optional>
#include <thread>
#include <tuple>

namespace troupe::net::web {

namespace {

using namespace internal;
using asio::ip::tcp;
using http_request = http::request<http::string_body>;
using endpoints = std::vector<tcp::endpoint>;

constexpr std::size_t max_header_bytes = 16 * 1024;
constexpr auto patience = std::chrono::seconds{1}; // with the system's look-up of a name

failure failed(failure::kind what, const char* doing, const error_code& ec) {
  const bool late = ec == beast::error::timeout;
  return {late ? failure::kind::timed_out : what, std::string{doing} + " failed: " + ec.message()};
}

http_request written(const request& what) {
  http_request m{what.how == method::get ? http::verb::get : http::verb::post, what.to.target, 11};
  for (const auto& [name, value] : what.headers) m.insert(name, value);
  m.set(http::field::host, what.to.authority());
  m.set(http::field::user_agent, "Troupe");
  m.set(http::field::accept, "application/json");
  m.body() = what.body;
  if (what.how == method::post) m.prepare_payload();
  return m;
}

/// What came of one request on one connection.
struct exchanged {
  std::variant<response, failure> what;
  bool reusable = false;   // the connection
  bool unanswered = false; // it ended before the first byte of an answer
};

template <class Stream>
asio::awaitable<exchanged> exchange(Stream& stream, const request& what) {
  auto token = [](error_code& ec) { return asio::redirect_error(asio::use_awaitable, ec); };
  error_code ec;
  const auto message = written(what);
  co_await http::async_write(stream, message, token(ec));
  if (ec)
    co_return exchanged{failed(failure::kind::broken, "sending", ec), false, ec != beast::error::timeout};
  beast::flat_buffer buffer{what.max_bytes + max_header_bytes};
  http::response_parser<http::string_body> parser;
  parser.body_limit(what.max_bytes);
  parser.header_limit(max_header_bytes);
  co_await http::async_read(stream, buffer, parser, token(ec));
  if (ec) {
    const bool silent = !parser.got_some() && buffer.size() == 0 && ec != beast::error::timeout;
    co_return exchanged{failed(failure::kind::broken, "receiving", ec), false, silent};
  }
  const bool reusable = parser.keep_alive() && buffer.size() == 0;
  auto got = parser.release();
  co_return exchanged{response{got.result_int(), std::move(got.body())}, reusable, false};
}

} // namespace

class client::impl {
public:
  explicit impl(client_limits limits) : limits_(limits), tls_(asio::ssl::context::tls_client) {
    error_code ignored; // without authorities every certificate is refused
    tls_.set_default_verify_paths(ignored);
    tls_.set_verify_mode(asio::ssl::verify_peer);
  }

  ~impl() {
    for (auto& [where, at] : sites_) at.close_idle();
  }

  void run() {
    for (;;) try {
        context_.run();
        return;
      } catch (const std::exception&) { // of a `done`, which has been called
      }
  }
  void stop() { context_.stop(); }

  void send(request what, std::function<void(outcome)> done) {
    const auto deadline = internal::clock::now() + what.timeout;
    asio::co_spawn(context_, perform(std::move(what), deadline, std::move(done)), asio::detached);
  }

private:
  struct lookup {
    endpoints found;
    error_code ec;
    internal::clock::time_point until{};
    bool under_way = false;
    std::vector<asio::steady_timer*> waiting;
  };

  asio::awaitable<void> perform(request what, internal::clock::time_point deadline,
                                std::function<void(outcome)> done) {
    auto result = co_await ask(what, deadline);
    done(std::move(result));
  }

  asio::awaitable<outcome> ask(const request& what, internal::clock::time_point deadline) {
    auto& at = site_of(what.to);
    auto place = co_await at.enter(context_, deadline);
    if (auto* no = std::get_if<failure>(&place)) co_return std::move(*no);
    for (;;) {
      auto used = at.take_idle();
      const bool is_fresh = !used;
      if (is_fresh) {
        auto link = co_await open(what.to, deadline);
        if (auto* no = std::get_if<failure>(&link)) co_return std::move(*no);
        used = std::move(std::get<0>(link));
      }
      used->lowest().expires_at(deadline);
      exchanged got;
      if (auto* plain = std::get_if<beast::tcp_stream>(&used->stream))
        got = co_await exchange(*plain, what);
      else
        got = co_await exchange(std::get<1>(used->stream), what);
      if (got.unanswered && !is_fresh && what.repeat == delivery::repeatable) continue;
      if (got.reusable) keep(at, std::move(used));
      if (auto* no = std::get_if<failure>(&got.what)) co_return std::move(*no);
      co_return std::get<response>(std::move(got.what));
    }
  }

  using opened = std::variant<std::unique_ptr<connection>, failure>;

  asio::awaitable<opened> open(const address& to, internal::clock::time_point deadline) {
    using kind = failure::kind;
    error_code ec;
    const auto found = co_await resolve(to, deadline, ec);
    if (ec) co_return failure{kind::unreachable, "the host is not found: " + ec.message()};
    beast::tcp_stream stream{context_};
    stream.expires_at(deadline);
    co_await stream.async_connect(found, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) {
      auto no = failed(kind::unreachable, "connecting", ec);
      no.what = kind::unreachable; // also if it took too long: nothing was sent
      co_return no;
    }
    stream.socket().set_option(tcp::no_delay{true}, ec);
    if (!to.is_encrypted)
      co_return std::make_unique<connection>(connection{std::move(stream)});
    beast::ssl_stream<beast::tcp_stream> secure{std::move(stream), tls_};
    secure.set_verify_callback(asio::ssl::host_name_verification{to.host}, ec);
    error_code no_number; // an address is no server name: RFC 6066, section 3
    asio::ip::make_address(to.host, no_number);
    if (ec || (no_number && SSL_set_tlsext_host_name(secure.native_handle(), to.host.c_str()) != 1))
      co_return failure{kind::unreachable, "TLS cannot be set up"};
    co_await secure.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return failure{kind::unreachable, "the TLS handshake failed: " + ec.message()};
    co_return std::make_unique<connection>(connection{std::move(secure)});
  }

  /// The system's look-up knows no deadline: it goes on when nobody waits for it any more.
  asio::awaitable<endpoints> resolve(const address& to, internal::clock::time_point deadline, error_code& ec) {
    error_code no_number;
    if (const auto number = asio::ip::make_address(to.host, no_number); !no_number)
      co_return endpoints{{number, static_cast<std::uint16_t>(std::stoul(to.port))}};
    auto& of = lookups_[{to.host, to.port}];
    if (internal::clock::now() >= of.until) {
      if (!of.under_way) look_up(to, of);
      asio::steady_timer timer{context_, deadline};
      of.waiting.push_back(&timer);
      error_code cancelled;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
      std::erase(of.waiting, &timer);
      if (!cancelled) of.ec = asio::error::timed_out;
    }
    ec = of.ec;
    co_return of.found;
  }

  void look_up(const address& to, lookup& of) {
    of.under_way = true;
    resolver_.async_resolve(to.host, to.port, [this, &of](const error_code& ec, const auto& found) {
      of.under_way = false;
      of.ec = ec;
      of.found.clear();
      for (const auto& each : found) of.found.push_back(each.endpoint());
      of.until = ec ? internal::clock::time_point{} : internal::clock::now() + limits_.names;
      for (auto* timer : of.waiting) timer->cancel();
    });
  }

  void keep(site& at, std::unique_ptr<connection> idle) {
    at.keep(std::move(idle));
    if (!std::exchange(prunes_, true)) prune_later();
  }

  void prune_later() {
    pruning_.expires_after(limits_.keep_alive);
    pruning_.async_wait([this](const error_code& ec) {
      if (ec) return;
      prunes_ = false;
      for (auto& [where, at] : sites_) prunes_ = at.prune(internal::clock::now()) || prunes_;
      if (prunes_) prune_later();
    });
  }

  site& site_of(const address& to) {
    return sites_.try_emplace(std::tuple{to.is_encrypted, to.host, to.port}, limits_).first->second;
  }

  const client_limits limits_;
  std::map<std::tuple<bool, std::string, std::string>, site> sites_; // outlives what waits in the context
  std::map<std::pair<std::string, std::string>, lookup> lookups_;    // likewise
  asio::ssl::context tls_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  tcp::resolver resolver_{context_};
  asio::steady_timer pruning_{context_};
  bool prunes_ = false;
};

struct client::thread {
  std::future<void> ended;
  std::thread runs;
};

client::client(client_limits limits)
  : impl_(std::make_shared<impl>(limits)), thread_(std::make_unique<thread>()) {
  std::promise<void> end;
  thread_->ended = end.get_future();
  thread_->runs = std::thread{[all = impl_, end = std::move(end)]() mutable {
    pthread_setname_np(pthread_self(), "http client");
    all->run();
    all.reset(); // waits for the system if it is looking up a name
    end.set_value();
  }};
}

client::~client() {
  impl_->stop();
  impl_.reset();
  const bool is_ours = thread_->runs.get_id() == std::this_thread::get_id(); // a `done` gave up the last owner
  // One that the system holds up frees its things by itself.
  if (!is_ours && thread_->ended.wait_for(patience) == std::future_status::ready) thread_->runs.join();
  else thread_->runs.detach();
}

void client::send(request what, std::function<void(outcome)> done) {
  impl_->send(std::move(what), std::move(done));
}

outcome fetch(request what) {
  std::promise<outcome> answer;
  client once{{.connections = 1, .waiting = 0}};
  once.send(std::move(what), [&](outcome got) { answer.set_value(std::move(got)); });
  return answer.get_future().get();
}

std::string problem_of(const outcome& what) {
  if (const auto* no = std::get_if<failure>(&what)) return no->why;
  const auto status = std::get<response>(what).status;
  return status == 200 ? std::string{} : "the status is " + std::to_string(status);
}

} // namespace troupe::net::web
