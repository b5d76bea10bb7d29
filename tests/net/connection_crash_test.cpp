// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A connection's actor that fails takes its own connection with it, in good order, and no other.
#include "net/support/bare_edge.hpp"
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <caf/exit_reason.hpp>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace troupe;
using namespace troupe::tests;

/// Passes everything on; after a delivery that contains a word it throws, as a bug in an actor
/// would.
class breaking_transport final : public transport {
public:
  explicit breaking_transport(std::shared_ptr<transport> to) : to_(std::move(to)) {}

  void start(connection_actor owner, gap_marker marker) override {
    to_->start(std::move(owner), marker);
  }
  outbox::result send(const delivery_ptr& what) override {
    const auto result = to_->send(what);
    if (what->message.payload().find("runtime_error") != std::string_view::npos)
      throw std::runtime_error{"a bug"};
    if (what->message.payload().find("bad_alloc") != std::string_view::npos)
      throw std::bad_alloc{};
    if (what->message.payload().find("unknown") != std::string_view::npos)
      throw 42;
    return result;
  }
  void send_control(const frame& what) override { to_->send_control(what); }
  std::uint32_t withdraw(std::string_view name) override { return to_->withdraw(name); }
  void grant(std::size_t bytes) override { to_->grant(bytes); }
  void close(const close_status& status) override { to_->close(status); }
  void cut(close_reason reason) override { to_->cut(reason); }
  void abandon() noexcept override { to_->abandon(); }
  [[nodiscard]] transport_stats stats() const noexcept override { return to_->stats(); }

private:
  std::shared_ptr<transport> to_;
};

std::shared_ptr<transport> break_it(std::shared_ptr<transport> sound) {
  return std::make_shared<breaking_transport>(std::move(sound));
}

void check_internal_error(wire_client& client) {
  const auto close = client.closing();
  CHECK(close.close_code() == 1011);
  CHECK(close.close_text() == "internal error");
  client.write(client_frame::closing(1011));
  CHECK(client.ends());
  CHECK_FALSE(client.raw().was_reset());
}

void await_failures(bare_edge& edge, std::size_t n) {
  running_server::await([&] { return edge.log().named("connection_closed").size() == n; },
                        "its shard learns of it");
  for (const auto& e : edge.log().named("connection_closed")) {
    CHECK(e.level == severity::error);
    CHECK(e.fields.at("reason") == "internal_error");
  }
}

} // namespace

TEST_CASE("connection: one that is killed closes with 1011, others live on", "[net][crash]") {
  bare_edge edge{quiet()};
  auto doomed = edge.connect();
  auto healthy = edge.connect();
  caf::anon_send_exit(doomed.actor, caf::exit_reason::kill);
  check_internal_error(doomed.client);
  await_failures(edge, 1);
  edge.send(target::connection(doomed.id), "to nobody");
  edge.send(target::connection(healthy.id), "to the other");
  CHECK(healthy.client.text() == "to the other");
}

TEST_CASE("connection: whatever a handler throws ends its own connection only", "[net][crash]") {
  bare_edge edge{quiet(), break_it};
  auto healthy = edge.connect();
  std::size_t failed = 0;
  for (const std::string what : {"runtime_error", "bad_alloc", "unknown"}) {
    auto doomed = edge.connect();
    edge.send(target::connection(doomed.id), what);
    CHECK(doomed.client.text() == what); // it was queued before
    check_internal_error(doomed.client);
    await_failures(edge, ++failed);
    healthy.client.say("unharmed");
    CHECK(healthy.client.text() == "unharmed");
  }
}

TEST_CASE("connection: one that fails while nothing is read from it says so too", "[net][crash]") {
  auto o = quiet();
  o.websocket.read_window_bytes = 1; // after each message reading pauses until it is fanned out
  bare_edge edge{o, break_it};
  auto doomed = edge.connect();
  doomed.client.say("runtime_error"); // its echo
  CHECK(doomed.client.text() == "runtime_error");
  check_internal_error(doomed.client);
  await_failures(edge, 1);
}

TEST_CASE("connection: many that fail amid broadcasts cost the others nothing", "[net][crash]") {
  bare_edge edge{quiet()};
  std::vector<bare_edge::member> doomed;
  std::vector<bare_edge::member> healthy;
  for (int i = 0; i < 20; ++i) {
    doomed.push_back(edge.connect());
    healthy.push_back(edge.connect());
  }
  for (int i = 0; i < 400; ++i) {
    edge.send(target::everyone(), std::to_string(i));
    if (i % 20 == 0)
      caf::anon_send_exit(doomed[static_cast<std::size_t>(i / 20)].actor, caf::exit_reason::kill);
  }
  for (auto& d : doomed)
    check_internal_error(d.client);
  for (auto& h : healthy)
    for (int i = 0; i < 400; ++i)
      REQUIRE(h.client.text() == std::to_string(i));
  await_failures(edge, doomed.size());
}
