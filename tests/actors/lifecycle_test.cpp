// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How connections, shards and the registry end: each once, with its reason, leaving nothing.
#include "node.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;
using testing::manners;

namespace {

struct two_shards : node {
  two_shards() : node({.hosts = 2}) {}
};

std::size_t closing(const node& n) {
  return static_cast<std::size_t>(
    std::count_if(n.clients.begin(), n.clients.end(), [](const auto& c) { return c->closing().has_value(); }));
}

// Reads what is there and answers the close frames in it.
void all_read(node& n) {
  n.run();
  for (auto& c : n.clients) c->client_reads();
  n.run();
}

} // namespace

// -- one connection --------------------------------------------------------------------------------

TEST_CASE_METHOD(two_shards, "lifecycle: a transport that closes gives one down, with its reason",
                 "[actors][lifecycle]") {
  for (const auto& row : close_reasons) {
    if (row.reason == close_reason::none) continue;
    INFO(row.name);
    log.clear();
    const auto before = closed_for(row.reason);
    const auto closed_before = total(&loop_counters::closed);
    const auto c = connect({.host = 1});
    const std::weak_ptr<const testing::memory_transport> line = c.line;
    c->client_fails(row.reason);
    run();
    CHECK(closed_for(row.reason) == before + 1);
    CHECK(total(&loop_counters::closed) == closed_before + 1);
    CHECK(total(&loop_counters::connections) == 0);
    const auto events = log.named("connection_closed");
    REQUIRE(events.size() == 1);
    CHECK(events[0].fields.at("reason") == row.name);
    CHECK(events[0].fields.at("id") == c.id.to_string());
    CHECK_FALSE(c->abandoned());
    clients.clear();
    CHECK(line.use_count() == 1); // `c`: the actor let it go
  }
}

TEST_CASE_METHOD(node, "lifecycle: a client's close frame is recorded as it came",
                 "[actors][lifecycle]") {
  connect()->client_closes(4777, "so long");
  run();
  const auto events = log.named("connection_closed");
  REQUIRE(events.size() == 1);
  CHECK(events[0].level == severity::debug);
  CHECK(events[0].fields.at("reason") == "peer_closed");
  CHECK(events[0].fields.at("code_received") == "4777");
  CHECK(events[0].fields.at("text") == "so long");
  check_counters();
}

TEST_CASE_METHOD(node, "lifecycle: a connection that is killed abandons its transport",
                 "[actors][lifecycle]") {
  const auto c = connect();
  caf::anon_send_exit(c.who, GENERATE(caf::exit_reason::kill, caf::exit_reason::user_shutdown));
  run();
  CHECK(c->abandoned());
  CHECK(closed_for(close_reason::internal_error) == 1);
  CHECK(total(&loop_counters::connections) == 0);
  check_counters();
}

TEST_CASE_METHOD(node, "lifecycle: a connection killed before its shard knew it is counted once",
                 "[actors][lifecycle]") {
  const auto c = opens();
  REQUIRE(host().run_one()); // it has asked to join
  caf::anon_send_exit(c.who, caf::exit_reason::kill);
  run();
  CHECK(total(&loop_counters::opened) == total(&loop_counters::closed));
  CHECK(total(&loop_counters::connections) == 0);
  check_counters();
}

TEST_CASE_METHOD(node, "lifecycle: a transport that fails before it is started ends its connection",
                 "[actors][lifecycle]") {
  const auto c = opens();
  c->client_fails();
  run();
  CHECK(closed_for(close_reason::peer_reset) == 1);
  CHECK(total(&loop_counters::connections) == 0);
}

TEST_CASE_METHOD(node, "lifecycle: several ends at once are one", "[actors][lifecycle]") {
  const auto c = connect();
  caf::anon_send(c.who, close_connection{close_status::of(close_reason::kicked)});
  caf::anon_send(c.who, credit{1}); // fails
  c->client_fails();
  caf::anon_send_exit(c.who, caf::exit_reason::kill);
  run();
  CHECK(total(&loop_counters::closed) == 1);
  check_counters();
}

TEST_CASE_METHOD(node, "lifecycle: a connection can be cut, even while it closes",
                 "[actors][lifecycle]") {
  const auto c = connect({.transport = {.client = manners::ignores_close}});
  if (GENERATE(false, true)) {
    caf::anon_send(c.who, close_connection{close_status::of(close_reason::kicked)});
    run();
    CHECK_FALSE(c->closed());
  }
  caf::anon_send(c.who, close_connection{close_status::of(close_reason::kicked), closing::cut});
  run();
  CHECK(c->closed());
  CHECK(closed_for(close_reason::kicked) == 1);
  check_counters();
}

TEST_CASE("lifecycle: a connection that ends leaves no timer", "[actors][lifecycle]") {
  node pinging{{.heartbeat = {}}};
  const auto a = pinging.connect(), b = pinging.connect(), c = pinging.connect();
  CHECK(pinging.host().timers().armed() == 3);
  a->client_fails();
  caf::anon_send_exit(b.who, caf::exit_reason::kill);
  caf::anon_send(c.who, close_connection{close_status::of(close_reason::kicked)});
  pinging.run();
  CHECK(pinging.host().timers().armed() == 0);
}

TEST_CASE_METHOD(node, "lifecycle: a connection that finds its shard gone ends and cuts its transport",
                 "[actors][lifecycle]") {
  caf::anon_send(registry, drain{});
  run();
  CHECK(running() == 0);
  const auto late = connect();
  CHECK(late->closed());
  CHECK(running() == 0);
}

TEST_CASE_METHOD(two_shards, "lifecycle: after any churn the counters add up and nothing is left",
                 "[actors][lifecycle]") {
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 10; ++i)
      opens({.groups = {"g" + std::to_string(i % 3)}, .host = static_cast<std::size_t>(i % 2)});
    if (round % 2) run();
    send({}, "hello");
    end_all_but(5);
    all_read(*this);
    check_counters();
  }
  for (auto n = clients.size() - 5; n < clients.size(); ++n) clients[n]->client_closes();
  run();
  CHECK(total(&loop_counters::opened) == 400);
  CHECK(total(&loop_counters::closed) == 400);
  CHECK(total(&loop_counters::connections) == 0);
  check_counters();
}

// -- draining --------------------------------------------------------------------------------------

TEST_CASE_METHOD(two_shards, "lifecycle: a drain at once closes everyone with 1001, then ends",
                 "[actors][lifecycle]") {
  for (std::size_t i = 0; i < 20; ++i) connect({.host = i % 2});
  caf::anon_send(registry, drain{.rate = 0});
  run();
  CHECK(closing(*this) == 20);
  CHECK(running() == 23); // they wait for their clients
  for (auto& c : clients) {
    const auto seen = c->client_reads();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].close_code() == 1001);
  }
  run();
  CHECK(running() == 0);
  CHECK(closed_for(close_reason::shutting_down) == 20);
  check_counters();
}

TEST_CASE_METHOD(node, "lifecycle: what was broadcast before a drain is delivered before the close",
                 "[actors][lifecycle]") {
  for (int i = 0; i < 10; ++i) opens();
  run();
  send({}, "last words");
  caf::anon_send(registry, drain{});
  run();
  for (auto& c : clients) {
    const auto seen = c->client_reads();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].payload == "last words");
    CHECK(seen[1].close_code() == 1001);
  }
}

TEST_CASE_METHOD(two_shards, "lifecycle: a drain keeps to its rate over the whole node",
                 "[actors][lifecycle]") {
  for (std::size_t i = 0; i < 200; ++i) opens({.host = i % 2});
  run();
  caf::anon_send(registry, drain{.rate = 20});
  run();
  CHECK(closing(*this) <= 2);
  for (int second = 1; second <= 9; ++second) {
    advance(1s);
    CHECK(closing(*this) >= static_cast<std::size_t>(second * 20 - 2));
    CHECK(closing(*this) <= static_cast<std::size_t>(second * 20 + 4));
  }
  advance(1500ms);
  CHECK(closing(*this) == 200);
  all_read(*this);
  CHECK(running() == 0);
}

TEST_CASE_METHOD(node, "lifecycle: a drain with a retry window tells each client a time of its own in it",
                 "[actors][lifecycle]") {
  for (int i = 0; i < 20; ++i) opens();
  run();
  caf::anon_send(registry, drain{.retry_window = 60s});
  run();
  std::set<std::string> texts;
  for (const auto& client : clients) {
    REQUIRE(client->closing());
    const auto& text = client->closing()->text;
    CAPTURE(text);
    const std::string begin = "shutting down; retry in ";
    REQUIRE(text.starts_with(begin));
    REQUIRE(text.ends_with(" ms"));
    CHECK(std::stoi(text.substr(begin.size())) < 60'000);
    texts.insert(text);
  }
  CHECK(texts.size() > 10);
}

TEST_CASE_METHOD(node, "lifecycle: a drain counts only those it closes towards its rate",
                 "[actors][lifecycle]") {
  for (int i = 0; i < 100; ++i) opens();
  run();
  for (std::size_t i = 0; i < 90; ++i) clients[i]->client_fails();
  run();
  caf::anon_send(registry, drain{.rate = 10});
  run();
  advance(1s);
  CHECK(closing(*this) >= 9);
}

TEST_CASE_METHOD(node, "lifecycle: who joins during a drain is closed as the others",
                 "[actors][lifecycle]") {
  connect();
  caf::anon_send(registry, drain{.rate = GENERATE(0U, 1U)});
  run();
  const auto late = connect();
  REQUIRE(late->started());
  REQUIRE(late->closing());
  CHECK(late->closing()->reason == close_reason::shutting_down);
  advance(2s);
  all_read(*this);
  CHECK(running() == 0);
  CHECK(closed_for(close_reason::shutting_down) == 2);
  check_counters();
}

TEST_CASE_METHOD(node, "lifecycle: clients that leave by themselves do not hold up a drain",
                 "[actors][lifecycle]") {
  for (int i = 0; i < 10; ++i) connect();
  caf::anon_send(registry, drain{.rate = 1});
  run();
  for (auto& c : clients) c->client_closes();
  run();
  CHECK(running() == 0);
}

TEST_CASE_METHOD(two_shards, "lifecycle: a drain without connections ends at once",
                 "[actors][lifecycle]") {
  caf::anon_send(registry, drain{.rate = GENERATE(0U, 100U)});
  run();
  CHECK(running() == 0);
}

TEST_CASE_METHOD(two_shards, "lifecycle: the registry ends after its last shard, not before",
                 "[actors][lifecycle]") {
  const auto a = connect({.host = 0}), b = connect({.host = 1});
  caf::anon_send(registry, drain{});
  run();
  a->client_reads();
  run();
  CHECK(running() == 3); // the registry, a shard, a connection
  send({}, "still there?");
  CHECK(confirm({}, "and now?").matched == 1);
  b->client_reads();
  run();
  CHECK(running() == 0);
}
