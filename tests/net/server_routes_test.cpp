// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Routes: paths whose connections talk to an actor, over real sockets.
#include <troupe/hooks/echo.hpp>

#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

net::server_options with_echo() {
  auto o = quiet();
  o.websocket.echo_route = "/echo";
  return o;
}

struct counting_state {
  static constexpr const char* name = "counting";
  int messages = 0;
};

/// Answers with the number of messages it has seen; fails at "crash".
hooks::route_actor::behavior_type
counting(hooks::route_actor::stateful_pointer<counting_state> self, const hooks::birth& born) {
  return {
    [](const hooks::opened& m) { return hooks::answer::text("hello " + m.what.address); },
    [self, born](const hooks::message& m) -> caf::result<hooks::answer> {
      if (m.what.payload() == "crash") throw std::runtime_error{"told to"};
      return hooks::answer::text(std::to_string(born.incarnation) + "." +
                                 std::to_string(++self->state.messages));
    },
    [](const hooks::closed&) {},
  };
}

hooks::extensions one_route(hooks::spawner<hooks::route_actor> actor) {
  return {.routes = {{.path = "/count",
                      .actor = std::move(actor),
                      .keeping = {.restart = hooks::restart_strategy::always()}}}};
}

} // namespace

TEST_CASE("echo route: messages of every type and size come back, to their sender alone",
          "[net][server][hooks]") {
  auto o = with_echo();
  o.listen.loops = 2;
  o.websocket.max_message_bytes = 100'000;
  running_server server{o};
  auto client = server.connect_to("/echo");
  auto other = server.connect_to("/echo");
  auto plain = server.connect();
  for (const std::size_t size : {0U, 1U, 125U, 126U, 256U, 4353U, 65536U, 100'000U})
    for (const auto type : {client_frame::text, client_frame::binary}) {
      CAPTURE(size);
      const std::string payload(size, 'a');
      client.send({.type = type, .payload = payload});
      CHECK(client.message() == wire_message{static_cast<opcode>(type), payload});
    }
  other.say("mine");
  CHECK(other.text() == "mine"); // and nothing before it
  plain.say("to all");
  for (auto* c : {&client, &other, &plain}) CHECK(c->text() == "to all");
}

TEST_CASE("echo route: a fragmented message comes back as one", "[net][server][hooks]") {
  running_server server{with_echo()};
  auto client = server.connect_to("/echo");
  client.send({.payload = "one ", .final = false});
  client.send({.type = client_frame::ping, .payload = "in between"});
  client.send({.type = client_frame::continuation, .payload = "message", .final = true});
  CHECK(client.next() == wire_message{opcode::pong, "in between"});
  CHECK(client.next() == wire_message{opcode::text, "one message"});
}

TEST_CASE("echo route: a close is echoed after what came before it", "[net][server][hooks]") {
  running_server server{with_echo()};
  auto client = server.connect_to("/echo");
  client.say("last");
  CHECK(client.text() == "last");
  client.write(client_frame::closing(4321, "enough"));
  CHECK(client.closing().close_code() == 4321);
  CHECK(client.ends());
  client.raw().shut_down();
  server.await_closed_for(close_reason::peer_closed);
}

TEST_CASE("echo route: many messages at once come back in order", "[net][server][hooks]") {
  running_server server{with_echo()};
  auto client = server.connect_to("/echo");
  constexpr int many = 5000; // several read windows
  std::thread sender{[&] {
    for (int i = 0; i < many; ++i) client.say(std::to_string(i));
  }};
  for (int i = 0; i < many; ++i) REQUIRE(client.text() == std::to_string(i));
  sender.join();
}

TEST_CASE("echo route: there is none by default", "[net][server][hooks]") {
  running_server server;
  CHECK_THROWS_AS(server.connect_to("/echo"), std::runtime_error); // 404
}

TEST_CASE("route: its actor runs where it wants, and a crash costs one message",
          "[net][server][hooks]") {
  const auto where = GENERATE(0, 1, 2);
  CAPTURE(where);
  running_server server{quiet(), {},
                        one_route(where == 0   ? hooks::spawner<hooks::route_actor>{hooks::on_loop(counting)}
                                  : where == 1 ? hooks::spawner<hooks::route_actor>{hooks::on_scheduler(counting)}
                                               : hooks::spawner<hooks::route_actor>{hooks::on_own_thread(counting)})};
  wire_client client{server.port(), {.path = "/count"}};
  CHECK(client.text() == "hello 127.0.0.1");
  client.say("a");
  CHECK(client.text() == "1.1");
  client.say("crash");
  server.await([&] { return server.log().named("extension_failed").size() == 1; }, "a crash");
  client.say("b");
  CHECK(client.text() == "2.1");
  client.say("c");
  CHECK(client.text() == "2.2");
}

TEST_CASE("route: connections are closed with 1001 when the server stops, its actor ends after them",
          "[net][server][hooks]") {
  running_server server{quiet(), {}, one_route(hooks::on_scheduler(counting))};
  wire_client client{server.port(), {.path = "/count"}};
  CHECK(client.text() == "hello 127.0.0.1");
  server->stop();
  CHECK(client.closing().close_code() == 1001);
  client.write(client_frame::closing(1001));
  CHECK(client.ends());
  client.raw().shut_down();
  CHECK(server->join());
  CHECK(server.log().named("extension_would_not_end").empty());
}

TEST_CASE("route: a server with a route that cannot be does not start", "[net][server][hooks]") {
  CHECK_THROWS_AS(running_server(quiet(), {}, {.routes = {{.path = "/ws", .actor = hooks::on_loop(hooks::echo)}}}),
                  std::invalid_argument);
}
