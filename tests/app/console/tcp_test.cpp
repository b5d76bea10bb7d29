// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The console over TCP, with and without TLS.
#include "console_world.hpp"
#include "net/support/certificate.hpp"

#include <fstream>

using namespace troupe::app::console;
using namespace troupe::app::console::tests;
using troupe::tests::certificate;
using troupe::tests::tcp_line;

namespace {

const std::string operators = "an-operator-s-token";
const std::string watchers = "a-watcher-s-token";

console_options over_tcp() {
  return {.operator_token = operators, .read_only_token = watchers, .port = free_port()};
}

remote_console at(const console_world& world, const std::string& token) {
  return {.host = "127.0.0.1", .port = fmt::to_string(world.sockets->port()), .token = token};
}

} // namespace

TEST_CASE("console over TCP: a token decides what may be done, and the log tells who did it", "[app][console]") {
  console_world world{over_tcp()};
  client boss{at(world, operators)}, guest{at(world, watchers)};
  CHECK(boss.run("kick user alice").notes.at(0) == "0 connections told to close");
  CHECK(world.logs("role=operator uid=\"\" pid=\"\" peer=127.0.0.1:"));
  CHECK(guest.run("loops").error.empty());
  CHECK(guest.run("kick user alice").error == "kick is for operators, and this session may only look");
  const auto sessions = boss.run("sessions").tables.at(0);
  REQUIRE(sessions.rows.size() == 2);
  CHECK(std::get<std::string>(sessions.rows[0].at(find_column(sessions.columns, "peer"))).starts_with("127.0.0.1:"));
  CHECK(boss.run("trace user alice", [](const answer&) { return false; }).notes.at(0) == "ended: stopped");
}

TEST_CASE("console over TCP: without a token nobody is let in, and guessing takes time", "[app][console]") {
  console_world world{over_tcp()};
  const auto began = std::chrono::steady_clock::now();
  for (const auto* token : {"", "an-operator-s-toke"}) {
    client none{at(world, token)};
    CHECK(none.run("loops").error == "expected a token: console.operator_token or console.read_only_token");
    CHECK_THROWS_AS(none.run("loops"), std::runtime_error);
  }
  CHECK(std::chrono::steady_clock::now() - began >= 2s);
  CHECK(world.logs("console_refused peer=127.0.0.1:"));
  client boss{at(world, operators)};
  CHECK(boss.run("sessions").notes.at(0) == "1 opened, 2 refused, 0 cut for not reading");
}

TEST_CASE("console over TCP: what is no token is turned away, however it comes", "[app][console]") {
  console_world world{over_tcp()};
  for (const auto& said : {std::string{"loops\n"}, std::string{"{\"token\":1}\n"}, std::string(2000, 'x')}) {
    tcp_line line{world.sockets->port()};
    line.write(said);
    CHECK(line.read_to_end().find("expected a token") != std::string::npos);
  }
}

TEST_CASE("console over TCP: who says nothing is sent away", "[app][console]") {
  auto options = over_tcp();
  options.write_timeout = 200ms;
  console_world world{options};
  tcp_line line{world.sockets->port()};
  CHECK(line.read_to_end().empty());
}

TEST_CASE("console over TLS: the server's certificate is checked", "[app][console]") {
  const certificate files;
  auto options = over_tcp();
  options.tls = true;
  console_world world{options, {}, {.certificate = files.chain(), .key = files.key()}};
  auto server = at(world, operators);
  server.tls = true;
  CHECK_THROWS_WITH(client{server}, Catch::Contains("TLS: "));
  server.ca_file = files.chain();
  server.host = "localhost";
  client boss{server};
  CHECK(boss.run("loops").error.empty());
  CHECK(boss.run("trace user alice", [](const answer&) { return false; }).notes.at(0) == "ended: stopped");
  server.ca_file = files.garbage();
  CHECK_THROWS_AS(client{server}, std::runtime_error);
}
