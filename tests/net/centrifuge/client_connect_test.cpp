// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How clients of the Centrifuge protocol connect, stay and leave.
#include "client_node.hpp"

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::tests;

namespace {

using texts = std::vector<std::string>;
constexpr auto connect_command = R"({"id":1,"connect":{}})";

/// How a client ends that sends just this.
std::string end_of(client_node& n, std::string_view text) {
  const auto p = n.open();
  n.send(p, text);
  CHECK(p.frames().empty());
  return p.ended();
}

} // namespace

TEST_CASE_METHOD(client_node, "client: connect is answered with ID, version and pings",
                 "[net][centrifuge][client]") {
  const auto p = open();
  CHECK(ask(p, R"({"id":7,"connect":{"name":"js"}})") ==
        texts{R"({"id":7,"connect":{"client":")" + p.id.to_string() +
              R"(","version":"1.2.3","ping":25,"pong":true}})"});
  CHECK(p.ended().empty());
}

TEST_CASE_METHOD(client_node, "client: Protobuf is answered in binary frames",
                 "[net][centrifuge][client]") {
  const auto p = open(encoding::protobuf);
  p->client_sends(frame::encode(opcode::binary, std::string("\x04\x08\x01\x22\x00", 5)));
  run();
  const auto messages = p->client_reads();
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].type == opcode::binary);
  CHECK(messages[0].payload.find(p.id.to_string()) != std::string::npos);
}

TEST_CASE_METHOD(client_node, "client: anything before connect is a bad request",
                 "[net][centrifuge][client]") {
  for (const auto* text : {R"({"id":1,"subscribe":{"channel":"pub:a"}})", "{}", "", "not json",
                           R"({"id":"1","connect":{}})", R"({"connect":{}})", "\n",
                           R"({"send":{"data":1}})"}) {
    CAPTURE(text);
    CHECK(end_of(*this, text) == "3501 bad request");
  }
  CHECK(book->order.empty());
}

TEST_CASE("client: without a token only those may connect that the options allow",
          "[net][centrifuge][client]") {
  client_node n{{}};
  CHECK(end_of(n, connect_command) == "3501 bad request");
  CHECK(end_of(n, R"({"id":1,"connect":{"token":"x.y.z"}})") == "3500 invalid token");
  const auto known = n.open(encoding::json, false, "42");
  CHECK(n.ask(known, connect_command).size() == 1);
}

TEST_CASE_METHOD(client_node, "client: after connect a violation of the protocol ends it",
                 "[net][centrifuge][client]") {
  for (const auto* text : {connect_command, R"({"id":5,"foo":{}})", R"({"id":5,"ping":{}})", "{}",
                           R"({"id":5,"subscribe":{"channel":""}})", "",
                           R"({"id":5,"subscribe":{"channel":"pub:a","delta":"x"}})"}) {
    CAPTURE(text);
    const auto p = connect();
    send(p, text);
    CHECK(p.ended() == "3501 bad request");
  }
}

TEST_CASE_METHOD(client_node, "client: what was answered before a violation is still sent",
                 "[net][centrifuge][client]") {
  const auto p = open();
  const auto frames = ask(p, std::string{connect_command} + "\n\n" +
                                 R"({"id":2,"subscribe":{"channel":"pub:a"}})");
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].find(R"("connect")") != std::string::npos);
  CHECK(p.ended() == "3501 bad request");
  CHECK(book->order.empty());
}

// -- time ---

TEST_CASE_METHOD(client_node, "client: one that does not connect in time is stale",
                 "[net][centrifuge][client]") {
  const auto p = open();
  advance(9'900ms);
  CHECK(p.ended().empty());
  advance(200ms);
  CHECK(p.ended() == "3502 stale");
}

TEST_CASE_METHOD(client_node, "client: the first ping falls into the second half of an interval",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  const auto connected = host().now();
  while (p.frames() != texts{"{}"}) advance(32ms);
  CHECK(host().now() - connected >= 12'500ms);
  CHECK(host().now() - connected <= 25'100ms);
  send(p, "{}");
  CHECK(p.ended().empty());
  send(p, "{}");
  CHECK(p.ended() == "3501 bad request");
}

TEST_CASE_METHOD(client_node, "client: only a pong answers a ping", "[net][centrifuge][client]") {
  const auto p = connect();
  for (int i = 0; i < 1000 && p.frames() != texts{"{}"}; ++i) advance(32ms);
  send(p, R"({"id":9,"unsubscribe":{"channel":"pub:a"}})");
  p->client_pongs();
  advance(7'900ms);
  CHECK(p.ended().empty());
  advance(200ms);
  CHECK(p.ended() == "3012 no pong");
}

TEST_CASE("client: pings go on while they are answered, and can be turned off",
          "[net][centrifuge][client]") {
  SECTION("answered") {
    client_node n;
    const auto p = n.connect();
    int pings = 0;
    for (int i = 0; i < 4'000; ++i) {
      n.advance(32ms);
      for (const auto& f : p.frames()) {
        CHECK(f == "{}");
        ++pings;
        n.send(p, "{}");
      }
    }
    CHECK(pings == 5); // 128 s
    CHECK(p.ended().empty());
  }
  SECTION("without pongs") {
    auto o = open_to_all();
    o.pong_timeout = 0ms;
    client_node n{o};
    const auto p = n.open();
    CHECK(n.ask(p, connect_command)[0].find(R"("ping":25})") != std::string::npos);
    n.advance(80s);
    CHECK(p.frames().size() == 3);
    CHECK(p.ended().empty());
  }
  SECTION("off") {
    auto o = open_to_all();
    o.ping_interval = 0ms;
    client_node n{o};
    const auto p = n.open();
    CHECK(n.ask(p, connect_command)[0].find("ping") == std::string::npos);
    n.advance(80s);
    CHECK(p.frames().empty());
  }
}

TEST_CASE_METHOD(client_node, "client: it is pinged as it was told to expect, whatever others are told later",
                 "[net][centrifuge][client]") {
  live_heartbeat pace{{.ping_interval = 20s, .pong_timeout = 4s}};
  settings->heartbeat = pace;
  const auto early = open();
  CHECK(ask(early, connect_command)[0].find(R"("ping":20,"pong":true)") != std::string::npos);
  pace.set({.ping_interval = 5s, .pong_timeout = 0s});
  const auto late = open();
  const auto told = ask(late, connect_command)[0];
  CHECK(told.find(R"("ping":5)") != std::string::npos);
  CHECK(told.find("pong") == std::string::npos);
  advance(9s);
  CHECK_FALSE(late.frames().empty());
  CHECK(early.frames().empty());
  advance(11s);
  CHECK(early.frames().size() == 1);
  advance(5s);
  CHECK(early.ended() == "3012 no pong");
  CHECK(late.ended().empty());
}

TEST_CASE_METHOD(client_node, "client: WebSocket's own pings can take the place of the protocol's",
                 "[net][centrifuge][client]") {
  const auto p = open(encoding::json, true);
  CHECK(ask(p, connect_command)[0].find("ping") == std::string::npos);
  p->client_pongs(); // an unasked one is no violation of WebSocket
  run();
  while (p->control_frames().back().type() != opcode::ping) advance(32ms);
  CHECK(p.frames().empty());
  p->client_pongs();
  advance(10s);
  CHECK_FALSE(p->closed());
  advance(30s);
  CHECK(p->closed());
  CHECK_FALSE(p->closing()); // cut, without a close frame
}

// -- channels that the server subscribes ---

TEST_CASE_METHOD(client_node, "client: channels of connect that are allowed are subscribed with it",
                 "[net][centrifuge][client]") {
  book->silent = true;
  const auto p = open();
  send(p, R"({"id":1,"connect":{"subs":{"hist:a":{"recover":true,"offset":4,"epoch":"ep"},"priv:a":{}}}})"
          "\n" R"({"id":2,"subscribe":{"channel":"hist:a"}})");
  CHECK(book->order == texts{"subscribe hist:a"});
  CHECK(book->subscribes[0].recover == stream_position{4, "ep"});
  CHECK(p.frames().empty());
  book->answer();
  run();
  const auto frames = p.frames();
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].find(R"("subs":{"hist:a":{)") != std::string::npos);
  CHECK(frames[1] == R"({"id":2,"error":{"code":105,"message":"already subscribed"}})");
}

TEST_CASE_METHOD(client_node, "client: a gap in a channel the server subscribed ends the connection",
                 "[net][centrifuge][client]") {
  const auto p = open();
  send(p, R"({"id":1,"connect":{"subs":{"hist:a":{}}}})");
  happens(p, published("hist:a", "1", 1));
  CHECK(p.frames().size() == 2);
  happens(p, published("hist:a", "3", 3));
  CHECK(p.ended() == "3010 insufficient state");
}

TEST_CASE_METHOD(client_node, "client: publications of its channels wait for the reply to connect",
                 "[net][centrifuge][client]") {
  const auto p = open();
  book->silent = true;
  send(p, R"({"id":1,"connect":{"subs":{"hist:a":{},"hist:b":{}}}})");
  book->answer();
  run();
  happens(p, published("hist:a", "1", 1));
  CHECK(p.frames().empty());
  book->answer();
  run();
  const auto frames = p.frames();
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].find("connect") != std::string::npos);
  CHECK(frames[1] == R"({"push":{"channel":"hist:a","pub":{"data":1,"offset":1}}})");
}

TEST_CASE_METHOD(client_node, "client: a channel of connect that fails refuses the client",
                 "[net][centrifuge][client]") {
  book->subscribe = [](const auto&) { return error_code::internal; };
  const auto p = open();
  CHECK(ask(p, R"({"id":1,"connect":{"subs":{"pub:a":{}}}})") ==
        texts{R"({"id":1,"error":{"code":100,"message":"internal server error","temporary":true}})"});
  CHECK(ask(p, R"({"id":2,"rpc":{}})").empty()); // it is dead
  advance(4'900ms);
  CHECK_FALSE(p->closed());
  advance(200ms);
  CHECK(p->closed());
}

TEST_CASE_METHOD(client_node, "client: connect may not ask for unknown namespaces or too much",
                 "[net][centrifuge][client]") {
  CHECK(end_of(*this, R"({"id":1,"connect":{"subs":{"nons:a":{}}}})") == "3501 bad request");
  std::string subs;
  for (int i = 0; i < 129; ++i)
    subs += (i ? ",\"pub:" : "\"pub:") + std::to_string(i) + "\":{}";
  CHECK(end_of(*this, R"({"id":1,"connect":{"subs":{)" + subs + "}}}") == "3505 channel limit");
}

TEST_CASE("client: a user can be subscribed to a channel of its own", "[net][centrifuge][client]") {
  auto o = open_to_all();
  o.subscribe_to_user_personal_channel = true;
  o.user_personal_channel_namespace = "pub";
  client_node n{o};
  const auto p = n.open(encoding::json, false, "42");
  CHECK(n.ask(p, connect_command)[0].find(R"("subs":{"pub:#42":{}})") != std::string::npos);
  const auto anonymous = n.connect();
  CHECK(n.book->order == texts{"subscribe pub:#42"});
}

TEST_CASE_METHOD(client_node, "client: a user has no more connections than the limit",
                 "[net][centrifuge][client]") {
  limit_users({.max_connections = 1});
  const auto first = open(encoding::json, false, "42"), second = open(encoding::json, false, "42");
  CHECK(ask(first, connect_command).size() == 1);
  CHECK(ask(second, connect_command).empty());
  CHECK(second.ended() == "3504 connection limit");
  for (int i = 0; i < 3; ++i) connect(); // anonymous ones are no user's
  first->client_fails();
  run();
  const auto third = open(encoding::json, false, "42");
  CHECK(ask(third, connect_command).size() == 1);
}

TEST_CASE_METHOD(client_node, "client: a user's new connection can close the older one",
                 "[net][centrifuge][client]") {
  limit_users({1, roster_options::surplus::close_old});
  const auto first = open(encoding::json, false, "42"), second = open(encoding::json, false, "42");
  CHECK(ask(first, connect_command).size() == 1);
  CHECK(ask(second, connect_command).size() == 1);
  CHECK(first.ended() == "3504 connection limit");
  CHECK(second.ended().empty());
}

TEST_CASE_METHOD(client_node, "client: what comes with connect waits until the user is admitted",
                 "[net][centrifuge][client]") {
  limit_users({.max_connections = 1});
  const auto p = open(encoding::json, false, "42");
  const auto answers = ask(p, R"({"id":1,"connect":{"subs":{"pub:s":{}}}})"
                              "\n"
                              R"({"id":2,"subscribe":{"channel":"pub:a"}})");
  CHECK(book->order == texts{"subscribe pub:s", "subscribe pub:a"});
  REQUIRE_FALSE(answers.empty());
  CHECK(answers.front().starts_with(R"({"id":1,"connect")"));
  CHECK(answers.back().ends_with(R"({"id":2,"subscribe":{}})"));
}

TEST_CASE("client: if nothing is to be secure, anybody may connect", "[net][centrifuge][client]") {
  centrifuge::client_options o;
  o.insecure = true;
  client_node n{o};
  CHECK(n.connect().ended().empty());
}

// -- the end ---

TEST_CASE_METHOD(client_node, "client: reasons of the server are told in the protocol's codes",
                 "[net][centrifuge][client]") {
  const auto told = [&](close_status status) {
    const auto p = connect();
    caf::anon_send(p.who, close_connection{std::move(status)});
    run();
    return p.ended();
  };
  CHECK(told(close_status::of(close_reason::shutting_down)) == "3001 shutdown");
  CHECK(told(close_status::of(close_reason::kicked)) == "3503 force disconnect");
  CHECK(told({close_reason::kicked, 4500, "go"}) == "4500 go");
  CHECK(told(close_status::of(close_reason::internal_error)) == "3004 internal server error");
}

TEST_CASE_METHOD(client_node, "client: frames of other routes do not reach it",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  caf::anon_send(p.who, deliver{delivery_ptr{
                            new delivery({}, frame::encode(opcode::text, "raw"), {},
                                         overflow::disconnect, {}), false}});
  run();
  CHECK(p.frames().empty());
}
