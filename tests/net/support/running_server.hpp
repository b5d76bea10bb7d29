// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// RUNNING SERVER: a whole server on a port of its own on loopback, and a voice to its registry.
// Stops with the object; clients that outlive it see their connections cut.
#pragma once
#include <troupe/net/server.hpp>

#include "net/support/small_system.hpp"
#include "support/memory_log.hpp"
#include "net/support/wire_client.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::tests {

/// One loop on loopback, a port the kernel chooses, no pings.
inline net::server_options quiet() {
  net::server_options o;
  o.listen = {.address = "127.0.0.1", .port = 0, .loops = 1};
  o.heartbeat.ping_interval = std::chrono::milliseconds{0};
  return o;
}

class running_server {
public:
  explicit running_server(net::server_options options = quiet(), std::vector<net::page> pages = {},
                          hooks::extensions extensions = {})
      : server_(std::make_unique<net::server>(system_.get(), std::move(options), log_,
                                              std::move(pages), std::move(extensions))) {}

  net::server* operator->() noexcept { return server_.get(); }
  [[nodiscard]] memory_log& log() noexcept { return log_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return server_->port(); }

  /// Ends it now.
  void destroy() { server_.reset(); }

  /// A client that the registry knows already.
  wire_client connect(const client_options& options = {}) {
    wire_client c{options.line.tls ? server_->tls_port() : server_->port(), options};
    c.send({.type = client_frame::ping, .payload = "known?"}); // it reads only once it is
    if (c.next() != wire_message{opcode::pong, "known?"})
      throw std::runtime_error{"no pong"};
    return c;
  }
  wire_client connect_to(const std::string& path) {
    return connect({.path = path, .headers = {}, .line = {}});
  }

  void send(broadcast what) { caf::anon_send(server_->registry(), std::move(what)); }
  void send(target to, std::string_view text, overflow policy = overflow::disconnect) {
    send({.to = std::move(to), .message = frame::encode(opcode::text, text), .policy = policy});
  }
  /// @returns what became of it once it is in the outboxes.
  receipt confirm(broadcast what) { return request(confirm_broadcast{std::move(what)}); }
  receipt confirm(target to, std::string_view text) {
    return confirm({.to = std::move(to), .message = frame::encode(opcode::text, text)});
  }
  /// @returns the receipt for one of the registry's messages that have one.
  template <class Message>
  receipt request(const Message& m) {
    caf::scoped_actor self{system_.get()};
    receipt answer;
    self->request(server_->registry(), patience, m)
        .receive([&](const receipt& r) { answer = r; },
                 [&](const caf::error& e) { throw std::runtime_error{system_.get().render(e)}; });
    return answer;
  }

  /// Number of connections of a target.
  std::uint64_t size(target of = target::everyone()) {
    return request(change_membership{.of = std::move(of),
                                     .what = change_membership::action::remove,
                                     .in = membership::label,
                                     .name = "counted"})
        .matched;
  }
  void await_size(std::uint64_t n) {
    await([&] { return size() == n; }, "connections come and go");
  }

  /// How many connections were logged as closed for a reason.
  [[nodiscard]] std::size_t closed_for(close_reason why) const {
    std::size_t n = 0;
    for (const auto& e : log_.named("connection_closed"))
      n += e.fields.at("reason") == to_string(why) ? 1 : 0;
    return n;
  }
  void await_closed_for(close_reason why, std::size_t n = 1) {
    await([&] { return closed_for(why) == n; }, "a connection closes for the expected reason");
  }

  /// Repeats `holds` until it does. @throws std::runtime_error when patience is out.
  template <class F>
  static void await(F holds, const char* what) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error{std::string{"in vain: "} + what};
      std::this_thread::sleep_for(std::chrono::milliseconds{1}); // leaves the server its core
    }
  }

private:
  memory_log log_;
  small_system system_;
  std::unique_ptr<net::server> server_;
};

} // namespace troupe::tests
