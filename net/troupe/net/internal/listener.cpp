// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/http_session.hpp>
#include <troupe/net/internal/listener.hpp>
#include <troupe/net/internal/proxied_socket.hpp>

#include <boost/asio/ip/v6_only.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace troupe::net {

namespace {

using namespace std::chrono_literals;

constexpr auto first_back_off = 10ms;
constexpr auto longest_back_off = 1000ms;
constexpr auto log_interval = 1s;
constexpr auto full_back_off = 100ms; // of the memory budget: the backlog holds who comes

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool out_of_descriptors(error_code ec) {
  return ec == asio::error::no_descriptors || ec == boost::system::errc::too_many_files_open_in_system;
}

/// Options of the listening socket that accepted ones inherit: no system call per connection.
void set_inherited(tcp_acceptor& acceptor, const outbox_options& outbox) {
  acceptor.set_option(asio::ip::tcp::no_delay(true));
  acceptor.set_option(asio::socket_base::keep_alive(true));
  if (outbox.socket_send_buffer != 0)
    acceptor.set_option(
      asio::socket_base::send_buffer_size(static_cast<int>(outbox.socket_send_buffer)));
  const auto unacknowledged = static_cast<unsigned>(2 * outbox.write_timeout.count());
  ::setsockopt(acceptor.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged,
               sizeof unacknowledged);
}

} // namespace

listener::listener(session_context& context, std::shared_ptr<admission> gate,
                   const std::vector<std::unique_ptr<io_loop>>& loops, const std::string& address,
                   std::uint16_t port, std::string option,
                   std::shared_ptr<asio::ssl::context> tls)
  : context_(context), gate_(std::move(gate)), loops_(loops), tls_(std::move(tls)),
    acceptor_(loops.front()->executor()), pause_(loops.front()->executor()) {
  try {
    const asio::ip::tcp::endpoint endpoint{asio::ip::make_address(address), port};
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    if (endpoint.protocol() == asio::ip::tcp::v6())
      acceptor_.set_option(asio::ip::v6_only(false));
    set_inherited(acceptor_, context_.options.outbox);
    acceptor_.bind(endpoint);
    acceptor_.listen(static_cast<int>(context_.options.listen.backlog));
    port_ = acceptor_.local_endpoint().port();
  } catch (const boost::system::system_error& e) {
    throw std::runtime_error(
      fmt::format("{}: cannot listen on {} port {}: {}", option, address, port, e.code().message()));
  }
  spare_ = open_spare();
}

listener::~listener() {
  if (spare_ >= 0) ::close(spare_);
}

void listener::start() {
  refilled_ = host::clock::now();
  accept();
}

void listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void listener::accept() {
  if (!acceptor_.is_open()) return;
  if (context_.memory.now() == memory_budget::level::full) return after(full_back_off);
  auto& loop = *loops_[next_loop_++ % loops_.size()];
  acceptor_.async_accept(loop.executor(), [this, &loop](error_code ec, tcp_socket socket) {
    on_accept(ec, std::move(socket), loop);
  });
}

void listener::on_accept(error_code ec, tcp_socket socket, io_loop& loop) {
  if (!acceptor_.is_open()) return;
  if (ec) return on_error(ec);
  back_off_ = {};
  const auto peer = socket.remote_endpoint(ec);
  if (!ec) { // else it is gone already
    const bool proxied = context_.trusted.contain(peer.address());
    const auto verdict = proxied ? gate_->enter_proxied() : gate_->enter(peer.address());
    ticket place{gate_, peer.address()};
    if (verdict != admission::verdict::admitted) gate_->home().counters().refused.add();
    const bool told = proxied && context_.options.proxy.protocol && verdict == admission::verdict::admitted;
    loop.post([this, &loop, verdict, told, s = std::move(socket), p = std::move(place)]() mutable {
      if (!told) return serve(loop, std::move(s), std::move(p), verdict);
      await_proxy_header(context_, loop, std::move(s), std::move(p),
                         [this, &loop](tcp_socket told_of, ticket its_place, admission::verdict of_client) {
                           serve(loop, std::move(told_of), std::move(its_place), of_client);
                         });
    });
  }
  const auto wait = pace();
  if (wait.count() == 0) accept();
  else after(wait);
}

void listener::serve(io_loop& loop, tcp_socket socket, ticket place, admission::verdict verdict) {
  if (tls_) serve_encrypted(context_, loop, std::move(socket), std::move(place), verdict, tls_);
  else serve_plain(context_, loop, std::move(socket), std::move(place), verdict);
}

host::clock::duration listener::pace() {
  const auto rate = static_cast<double>(context_.options.limit.accepts_per_second);
  if (rate == 0) return {};
  const auto now = host::clock::now();
  const std::chrono::duration<double> passed = now - refilled_;
  refilled_ = now;
  tokens_ = std::min(tokens_ + passed.count() * rate, std::max(1.0, rate / 10)) - 1;
  if (tokens_ >= 1) return {};
  return std::chrono::duration_cast<host::clock::duration>(
    std::chrono::duration<double>((1 - tokens_) / rate));
}

void listener::on_error(error_code ec) {
  const auto now = host::clock::now();
  if (now - logged_ >= log_interval) {
    logged_ = now;
    context_.log.write(severity::warning, "accept_failed", {{"reason", ec.message()}});
  }
  gate_->home().counters().accept_errors.add();
  if (out_of_descriptors(ec)) turn_away();
  else if (ec == asio::error::connection_aborted) return accept(); // the peer's, not ours
  back_off_ = std::clamp<host::clock::duration>(back_off_ * 2, first_back_off, longest_back_off);
  after(back_off_);
}

void listener::turn_away() {
  if (spare_ < 0) spare_ = open_spare();
  if (spare_ < 0) return;
  ::close(spare_);
  const auto client = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client >= 0) ::close(client);
  spare_ = open_spare();
}

void listener::after(host::clock::duration delay) {
  pause_.expires_after(delay);
  pause_.async_wait([this](error_code ec) {
    if (!ec) accept();
  });
}

} // namespace troupe::net
