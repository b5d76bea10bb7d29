// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "node.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;
using testing::manners;

namespace {

using texts = std::vector<std::string>;

struct pinging_node : node {
  pinging_node()
    : node({.heartbeat = {.ping_interval = 20s, .pong_timeout = 8s, .idle_timeout = 0s}}) {}
};

std::size_t pings(const client& c) {
  std::size_t n = 0;
  for (const auto& f : c->control_frames()) n += f.type() == opcode::ping;
  return n;
}

} // namespace

TEST_CASE_METHOD(node, "connection: reading begins once, when its shard holds it",
                 "[actors][connection]") {
  const auto c = opens();
  CHECK_FALSE(c->started());
  run();
  CHECK(c->starts() == 1);
  CHECK(c->owner() == c.who);
  CHECK(total(&loop_counters::connections) == 1);
}

TEST_CASE_METHOD(node, "connection: what a client sends reaches everyone, itself included",
                 "[actors][connection]") {
  const auto a = connect(), b = connect();
  a->client_sends("hello");
  run();
  CHECK(a->client_reads_payloads() == texts{"hello"});
  CHECK(b->client_reads_payloads() == texts{"hello"});
  CHECK(total(&loop_counters::messages_in) == 1);
  CHECK(total(&loop_counters::bytes_in) == 5);
  CHECK(total(&loop_counters::messages_queued) == 2);
}

TEST_CASE_METHOD(node, "connection: it describes itself through its shard, which knows no other",
                 "[actors][connection]") {
  const auto a = connect();
  const auto told = ask<connection_details>(shards[0], describe_connection{a.id});
  REQUIRE(told);
  CHECK(told->stage == "open");
  CHECK_FALSE(ask<connection_details>(shards[0], describe_connection{client_id::random()}));
}

TEST_CASE_METHOD(node, "connection: a policy that changes holds for the next message", "[actors][connection]") {
  const auto a = connect({.transport = {.bounds = {.max_bytes = 100}}});
  settings->policy.set(overflow::drop_newest);
  for (int i = 0; i < 10; ++i) {
    a->client_sends(std::string(30, 'x'));
    run();
  }
  CHECK_FALSE(a->closing());
  CHECK(total(&loop_counters::messages_dropped) > 0);
}

TEST_CASE_METHOD(node, "connection: the type of a message and an empty one are kept",
                 "[actors][connection]") {
  const auto a = connect();
  a->client_sends(frame::encode(opcode::binary, ""));
  a->client_sends(frame::encode(opcode::text, ""));
  a->client_sends(frame::encode(opcode::binary, std::string("\0\xff", 2)));
  run();
  const auto seen = a->client_reads();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] == testing::wire_message{opcode::binary, ""});
  CHECK(seen[1] == testing::wire_message{opcode::text, ""});
  CHECK(seen[2] == testing::wire_message{opcode::binary, std::string("\0\xff", 2)});
}

TEST_CASE("connection: without echo the sender alone hears nothing", "[actors][connection]") {
  node n{{.echo = false}};
  const auto a = n.connect(), b = n.connect(), c = n.connect();
  a->client_sends("hello");
  b->client_sends("there");
  n.run();
  CHECK(a->client_reads_payloads() == texts{"there"});
  CHECK(b->client_reads_payloads() == texts{"hello"});
  CHECK(c->client_reads_payloads() == texts{"hello", "there"});
}

TEST_CASE_METHOD(node, "connection: it speaks to its target", "[actors][connection]") {
  const auto a = connect({.speaks_to = target::group("red"), .groups = {"red"}});
  const auto b = connect({.speaks_to = target::group("blue"), .groups = {"blue"}});
  a->client_sends("hello");
  run();
  CHECK(a->client_reads_payloads() == texts{"hello"});
  CHECK(b->client_reads_payloads().empty());
}

TEST_CASE_METHOD(node, "connection: its reader gets back what each message cost, once",
                 "[actors][connection]") {
  const auto a = connect({.transport = {.read_window_bytes = 10}});
  for (const auto* text : {"12345", "123456", "1234", "", "1"}) a->client_sends(text);
  CHECK(a->waiting_messages() == 4);
  run();
  CHECK(a->waiting_messages() == 0);
  CHECK(a->grants() == 5);
  CHECK(a->granted_bytes() == 16);
  CHECK(a->client_reads_payloads().size() == 5);
}

TEST_CASE_METHOD(pinging_node, "connection: it pings, and lives as long as pongs come",
                 "[actors][connection]") {
  const auto a = connect();
  std::size_t answered = 0;
  for (auto t = 0s; t < 200s; t += 1s) {
    advance(1s);
    for (; answered < pings(a); ++answered) a->client_pongs();
  }
  CHECK_FALSE(a->closing());
  CHECK(answered >= 9);
  CHECK(answered <= 10);
}

TEST_CASE_METHOD(pinging_node, "connection: any message stands for a pong", "[actors][connection]") {
  const auto a = connect();
  for (int i = 0; i < 40; ++i) {
    advance(5s);
    a->client_sends("still here");
    a->client_reads();
  }
  CHECK_FALSE(a->closing());
  CHECK(pings(a) >= 9);
}

TEST_CASE_METHOD(pinging_node, "connection: one that does not pong is closed at the deadline",
                 "[actors][connection]") {
  const auto a = connect();
  while (pings(a) == 0) advance(32ms);
  advance(8s - 64ms);
  CHECK_FALSE(a->closing());
  advance(96ms);
  REQUIRE(a->closing());
  CHECK(a->closing()->reason == close_reason::pong_timeout);
  a->client_fails();
  run();
  CHECK(pings(a) == 1);
}

TEST_CASE_METHOD(pinging_node, "connection: those opened together are not pinged together",
                 "[actors][connection]") {
  for (int i = 0; i < 200; ++i) opens();
  run();
  std::size_t most_at_once = 0, before = 0;
  for (auto t = 0ms; t < 21s; t += 100ms) {
    advance(100ms);
    std::size_t now = 0;
    for (const auto& c : clients) now += pings(c) != 0;
    most_at_once = std::max(most_at_once, now - before);
    before = now;
  }
  CHECK(before == 200);
  CHECK(most_at_once <= 12); // 2 on average
}

TEST_CASE_METHOD(pinging_node, "connection: it is pinged at another pace after the next ping, and one that comes at once",
                 "[actors][connection]") {
  const auto a = connect();
  settings->heartbeat.set({.ping_interval = 5s, .pong_timeout = 2s});
  const auto b = connect();
  std::size_t a_answered = 0, b_answered = 0;
  const auto pongs_for = [&](std::chrono::seconds span) {
    for (auto left = span; left.count() != 0; --left) {
      advance(1s);
      for (; a_answered < pings(a); ++a_answered) a->client_pongs();
      for (; b_answered < pings(b); ++b_answered) b->client_pongs();
    }
  };
  pongs_for(9s);
  CHECK(a_answered == 0);
  CHECK(b_answered >= 1);
  pongs_for(12s); // the first ping was due by now
  CHECK(a_answered >= 1);
  const auto before = a_answered;
  pongs_for(20s);
  CHECK(a_answered >= before + 3);
  CHECK_FALSE(a->closing());
  advance(8s); // nobody answers
  REQUIRE(a->closing());
  CHECK(a->closing()->reason == close_reason::pong_timeout);
}

TEST_CASE("connection: an idle one is closed, and a message puts that off", "[actors][connection]") {
  node n{{.heartbeat = {.ping_interval = 0s, .pong_timeout = 8s, .idle_timeout = 60s}}};
  const auto a = n.connect(), b = n.connect();
  n.advance(50s);
  a->client_sends("busy");
  n.advance(11s);
  CHECK_FALSE(a->closing());
  REQUIRE(b->closing());
  CHECK(b->closing()->reason == close_reason::idle);
  n.advance(50s);
  CHECK(a->closing());
}

TEST_CASE_METHOD(node, "connection: the first status it is closed with counts",
                 "[actors][connection]") {
  const auto a = connect();
  caf::anon_send(a.who, close_connection{{close_reason::kicked, 4321, "because"}});
  caf::anon_send(a.who, close_connection{close_status::of(close_reason::shutting_down)});
  run();
  const auto seen = a->client_reads();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].close_code() == 4321);
  CHECK(seen[0].close_text() == "because");
  run();
  CHECK(closed_for(close_reason::kicked) == 1);
  check_counters();
}

TEST_CASE_METHOD(node, "connection: a slow consumer is closed with its outbox, not a byte sooner",
                 "[actors][connection]") {
  const auto text = std::string(100, 'x');
  const auto per_message = 102 + outbox::entry_bytes;
  const auto a = connect({.transport = {.bounds = {.max_bytes = 3 * per_message}}});
  for (int i = 0; i < 3; ++i) {
    send(target::everyone(), text);
    run();
  }
  CHECK_FALSE(a->closing());
  send(target::everyone(), text);
  run();
  REQUIRE(a->closing());
  CHECK(a->closing()->reason == close_reason::slow_consumer);
  const auto seen = a->client_reads();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].close_code() == 4008);
  CHECK(total(&loop_counters::messages_dropped) == 1);
}

TEST_CASE("connection: a client that lost messages is told how many", "[actors][connection]") {
  const auto policy = GENERATE(overflow::drop_oldest, overflow::drop_newest);
  node n{{.registry = {.max_joined_bytes = 0}}};
  const auto a = n.connect({.transport = {.bounds = {.max_bytes = 2 * (3 + outbox::entry_bytes)}}});
  for (const auto* text : {"1", "2", "3", "4", "5"})
    n.send({.to = {}, .message = frame::encode(opcode::text, text), .policy = policy});
  n.run();
  const auto kept = policy == overflow::drop_oldest ? texts{"4", "5"} : texts{"1", "2"};
  CHECK(a->client_reads_payloads() == texts{kept[0], kept[1], R"({"gap":{"dropped":3}})"});
  CHECK(n.total(&loop_counters::messages_dropped) == 3);
  CHECK(n.total(&loop_counters::messages_queued) ==
        (policy == overflow::drop_oldest ? 5U : 2U));
  n.send({}, "later");
  n.run();
  CHECK(a->client_reads_payloads() == texts{"later"});
}

TEST_CASE_METHOD(node, "connection: latest_per_key keeps the last of each key",
                 "[actors][connection]") {
  const auto a = connect();
  const std::vector<std::pair<const char*, const char*>> updates{
    {"x", "x1"}, {"y", "y1"}, {"x", "x2"}, {"x", "x3"}, {"y", "y2"}};
  for (const auto& [key, text] : updates)
    send({.to = {}, .message = frame::encode(opcode::text, text),
          .policy = overflow::latest_per_key, .key = key});
  run();
  CHECK(a->client_reads_payloads() == texts{"x3", "y2"});
  CHECK(total(&loop_counters::messages_conflated) == 3);
}

TEST_CASE_METHOD(node, "connection: while it closes it takes no more messages, in or out",
                 "[actors][connection]") {
  const auto a = connect({.transport = {.client = manners::ignores_close}});
  const auto b = connect();
  caf::anon_send(a.who, close_connection{close_status::of(close_reason::kicked)});
  run();
  a->client_sends("too late");
  send({}, "too late too");
  run();
  CHECK(b->client_reads_payloads() == texts{"too late too"});
  CHECK(a->client_reads_payloads().empty());
  CHECK(total(&loop_counters::messages_dropped) == 1);
}

TEST_CASE_METHOD(node, "connection: one that fails in a handler lets its transport go and ends",
                 "[actors][connection]") {
  const auto a = connect(), b = connect();
  caf::anon_send(a.who, credit{1}); // the transport never delivered that much: it throws
  run();
  CHECK(a->abandoned());
  CHECK_FALSE(b->closed());
  CHECK(closed_for(close_reason::internal_error) == 1);
  const auto closed = log.named("connection_closed");
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].level == severity::error);
  CHECK(closed[0].fields.at("id") == a.id.to_string());
  check_counters();
}

TEST_CASE_METHOD(node, "connection: it closes when what its token grants ends", "[actors][connection]") {
  client c{client_id::random(), {}, std::make_shared<testing::memory_transport>()};
  c.who = spawn_on(host(), connection, settings, shards.at(0),
                   connection_identity{.id = c.id, .user = "42", .expires_in = 10s}, c.line);
  clients.push_back(c);
  run();
  advance(9s);
  CHECK_FALSE(c->closing());
  advance(2s);
  REQUIRE(c->closing());
  CHECK(c->closing()->code == 3005);
  CHECK(c->closing()->text == "connection expired");
}

TEST_CASE_METHOD(node, "connection: a message beyond a rate closes it, those before it go out",
                 "[actors][connection]") {
  rates::rate_options options;
  const auto by = GENERATE(rates::scope::connection, rates::scope::user);
  options.of(by, rates::operation::message) = {.count = 2, .period = 1h};
  auto rated = *settings;
  rated.limits = rates::spawn_wardens({&host()}, options);
  settings = std::make_shared<const connection_settings>(rated);
  const auto a = connect({.user = "42"}), b = connect();
  for (const auto* text : {"1", "2", "3", "4"}) a->client_sends(text);
  run();
  CHECK(b->client_reads_payloads() == texts{"1", "2"});
  REQUIRE(a->closing());
  CHECK(a->closing()->code == 4013);
  CHECK_FALSE(b->closing());
  for (const auto& warden : rated.limits->wardens) caf::anon_send_exit(warden, caf::exit_reason::kill);
}

TEST_CASE("connection: what its warden has not granted yet stays ahead of what comes without a rate, or with another one",
          "[actors][connection]") {
  node n{{.hosts = 2}};
  rates::rate_options of_user, of_connection;
  of_user.of(rates::scope::user, rates::operation::message) = {.count = 2, .period = 1h};
  of_connection.of(rates::scope::connection, rates::operation::message) = {.count = 3, .period = 1h};
  const auto limits = rates::spawn_wardens({&n.host(1)}, of_user);
  auto rated = *n.settings;
  rated.limits = limits;
  n.settings = std::make_shared<const connection_settings>(rated);
  const auto a = n.connect({.user = "42"}), b = n.connect();
  const auto says = [&](const char* text) {
    a->client_sends(text);
    n.host(0).run(); // not its warden
  };
  says("1");
  says("2");
  limits->options.set({});
  says("3");
  limits->options.set(of_connection);
  says("4");
  CHECK(b->client_reads_payloads().empty());
  n.run();
  CHECK(b->client_reads_payloads() == texts{"1", "2", "3", "4"});
  says("5"); // the third by its new rate
  says("6");
  CHECK(b->client_reads_payloads() == texts{"5"});
  REQUIRE(a->closing());
  CHECK(a->closing()->code == 4013);
  for (const auto& warden : limits->wardens) caf::anon_send_exit(warden, caf::exit_reason::kill);
}

TEST_CASE_METHOD(node, "connection: a rate that is set later holds for it too", "[actors][connection]") {
  const auto limits = rates::spawn_wardens({&host()}, {});
  auto rated = *settings;
  rated.limits = limits;
  settings = std::make_shared<const connection_settings>(rated);
  const auto a = connect({.user = "42"}), b = connect({.user = "43"});
  const auto say = [&](const client& who, int times) {
    while (times-- != 0) who->client_sends("x");
    run();
  };
  say(a, 5);
  rates::rate_options options;
  const auto by = GENERATE(rates::scope::connection, rates::scope::user);
  options.of(by, rates::operation::message) = {.count = 2, .period = 1h};
  limits->options.set(options);
  say(a, 2);
  say(b, 2);
  CHECK_FALSE(a->closing());
  say(a, 1);
  REQUIRE(a->closing());
  CHECK(a->closing()->code == 4013);
  limits->options.set({});
  say(b, 5);
  CHECK_FALSE(b->closing());
  for (const auto& warden : limits->wardens) caf::anon_send_exit(warden, caf::exit_reason::kill);
}
