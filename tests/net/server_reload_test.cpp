// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a running server takes over from other options. What the program's configuration can say of it is tested from
// outside, in tests/system/reload_test.mjs.
#include <troupe/net/insight.hpp>

#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;

namespace {

unsigned upgrade_status(running_server& server, const std::string& origin = {}) {
  tcp_line line{server.port()};
  client_options options;
  if (!origin.empty()) options.headers = {"Origin: " + origin};
  return ask(line, upgrade_request(options)).status;
}

} // namespace

TEST_CASE("server: reloading changes what the options say and leaves what inspectors changed", "[net][reload]") {
  auto o = quiet();
  o.websocket.allowed_origins = {"http://one.test"};
  running_server server{o};
  auto client = server.connect();
  CHECK(upgrade_status(server, "http://two.test") == 403);
  const auto seen = server->insight();
  seen.policy.set(overflow::drop_oldest);
  seen.max_bytes->store(4321);
  o.websocket.allowed_origins = {"http://two.test"};
  server->reload(o);
  CHECK(upgrade_status(server, "http://two.test") == 101);
  CHECK(upgrade_status(server, "http://one.test") == 403);
  CHECK(seen.policy == overflow::drop_oldest);
  CHECK(*seen.max_bytes == 4321);
  o.websocket.policy = overflow::drop_newest;
  o.outbox.max_bytes = 2 * o.outbox.max_bytes;
  server->reload(o);
  CHECK(seen.policy == overflow::drop_newest);
  CHECK(*seen.max_bytes == o.outbox.max_bytes);
  client.say("still here");
  CHECK(client.text() == "still here");
}

TEST_CASE("server: reloading sets rates where there were none, and gives them up", "[net][reload][rates]") {
  auto o = quiet();
  running_server server{o};
  auto client = server.connect();
  CHECK(upgrade_status(server) == 101);
  auto limited = o;
  limited.rates.of(rates::scope::address, rates::operation::connect) = {.count = 1, .period = 1h};
  limited.rates.of(rates::scope::connection, rates::operation::message) = {.count = 2, .period = 1h};
  server->reload(limited);
  CHECK(upgrade_status(server) == 101);
  CHECK(upgrade_status(server) == 429);
  for (const auto* text : {"1", "2", "3"}) client.say(text);
  CHECK(client.closing().close_code() == 4013);
  server->reload(o);
  CHECK(upgrade_status(server) == 101);
}

TEST_CASE("server: reloading rules of tokens that cannot be throws and changes nothing", "[net][reload]") {
  auto o = quiet();
  o.auth.connection.hmac_secret_key = "secret";
  o.websocket.allowed_origins = {"http://one.test"};
  running_server server{o};
  auto wrong = o;
  wrong.auth.connection.rsa_public_key = "no key";
  wrong.websocket.allowed_origins = {"http://two.test"};
  CHECK_THROWS_AS(server->reload(wrong), std::invalid_argument);
  CHECK(upgrade_status(server, "http://one.test") == 101);
  CHECK(upgrade_status(server, "http://two.test") == 403);
}

TEST_CASE("server: reloading namespaces that cannot be throws and changes nothing", "[net][reload]") {
  auto o = quiet();
  o.websocket.allowed_origins = {"http://one.test"};
  o.channels.namespaces = {{"chat", {}}};
  running_server server{o};
  auto wrong = o;
  auto& options = wrong.channels.namespaces[0].options;
  options.history_size = 1;
  options.history_ttl = 1s;
  options.history_persistent = true;
  wrong.websocket.allowed_origins = {"http://two.test"};
  CHECK_THROWS_WITH(server->reload(wrong), "history_persistent needs history.directory");
  CHECK(upgrade_status(server, "http://one.test") == 101);
  CHECK(server->insight().names->generation() == 0);
  options.history_persistent = false;
  server->reload(wrong);
  CHECK(server->insight().names->named("chat")->options.history_size == 1);
  server->reload(wrong);
  CHECK(server->insight().names->generation() == 1);
}

TEST_CASE("server: it can be reloaded while it drains", "[net][reload]") {
  auto o = quiet();
  running_server server{o};
  auto mute = server.connect();
  server->stop();
  CHECK(mute.closing().close_code() == 1001);
  o.drain.timeout = 1h;
  server->reload(o);
  mute.write(client_frame::closing(1001));
  mute.raw().shut_down();
  CHECK(server->join());
}
