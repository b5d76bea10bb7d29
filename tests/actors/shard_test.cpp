// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "node.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using testing::manners;

namespace {

using texts = std::vector<std::string>;

bool same(const receipt& r, std::uint64_t matched, std::uint64_t queued, std::uint64_t dropped) {
  return r.matched == matched && r.queued == queued && r.dropped == dropped;
}

struct two_shards : node {
  two_shards() : node({.hosts = 2}) {}
};

// Asks every shard to close the connections of `to`.
receipt closes(node& n, target to, close_status status = close_status::of(close_reason::kicked)) {
  const auto answer = n.ask<receipt>(n.registry, close_connections{std::move(to), std::move(status)});
  REQUIRE(answer);
  return *answer;
}

receipt changes(node& n, change_membership m) {
  const auto answer = n.ask<receipt>(n.registry, std::move(m));
  REQUIRE(answer);
  return *answer;
}

} // namespace

// -- targets ---------------------------------------------------------------------------------------

TEST_CASE_METHOD(two_shards, "shard: a delivery reaches exactly those its target names",
                 "[actors][shard]") {
  const auto a = connect({.user = "ann", .groups = {"red", "tall"}, .labels = {"beta"}, .host = 0});
  const auto b = connect({.user = "ann", .groups = {"red"}, .host = 1});
  const auto c = connect({.user = "bob", .groups = {"blue"}, .labels = {"beta"}, .host = 1});
  const auto d = connect({.host = 0});
  const auto reached = [&](const target& to) {
    const auto r = confirm(to, "x");
    std::string who;
    std::size_t n = 0;
    for (const auto& [name, one] : {std::pair{'a', a}, {'b', b}, {'c', c}, {'d', d}}) {
      const auto seen = one->client_reads_payloads();
      if (!seen.empty()) who += name;
      n += seen.size();
    }
    CHECK(same(r, n, n, 0));
    CHECK(n == who.size());
    return who;
  };
  CHECK(reached(target::everyone()) == "abcd");
  CHECK(reached(target::connection(c.id)) == "c");
  CHECK(reached(target::user("ann")) == "ab");
  CHECK(reached(target::group("red")) == "ab");
  CHECK(reached(target::group("tall")) == "a");
  CHECK(reached(target::label("beta")) == "ac");
  CHECK(reached(target::group("beta")).empty());
  CHECK(reached(target::label("red")).empty());
  CHECK(reached(target::user("nobody")).empty());
  CHECK(reached(target::user("")).empty());
  CHECK(reached(target::connection(client_id::random())).empty());
}

TEST_CASE_METHOD(node, "shard: who is excluded gets nothing and is not matched", "[actors][shard]") {
  const auto a = connect({.groups = {"g"}}), b = connect({.groups = {"g"}});
  // The first connection of the first shard; a handle is not handed out to clients.
  const connection_handle first{.shard = 0, .generation = 1, .slot = 0};
  const auto to = GENERATE(target::everyone(), target::group("g"));
  const auto r = confirm({.to = to, .message = frame::encode(opcode::text, "x"), .exclude = first});
  CHECK(same(r, 1, 1, 0));
  CHECK(a->client_reads_payloads().empty());
  CHECK(b->client_reads_payloads() == texts{"x"});
}

TEST_CASE_METHOD(two_shards, "shard: the handle of one who has left excludes nobody else",
                 "[actors][shard]") {
  const auto a = connect();
  a->client_closes();
  run();
  const auto same_slot = connect(), other_shard = connect({.host = 1});
  const connection_handle stale{.shard = 0, .generation = 1, .slot = 0};
  CHECK(same(confirm({.to = {}, .message = frame::encode(opcode::text, "x"), .exclude = stale}), 2, 2, 0));
  CHECK(same_slot->client_reads_payloads() == texts{"x"});
  CHECK(other_shard->client_reads_payloads() == texts{"x"});
}

// -- membership ------------------------------------------------------------------------------------

TEST_CASE_METHOD(two_shards, "shard: connections can be added to sets and removed", "[actors][shard]") {
  using action = change_membership::action;
  const auto a = connect({.host = 0}), b = connect({.user = "bob", .host = 1});
  CHECK(same(changes(*this, {target::everyone(), action::add, membership::group, "g"}), 2, 2, 0));
  CHECK(confirm(target::group("g"), "1").queued == 2);
  CHECK(same(changes(*this, {target::connection(a.id), action::remove, membership::group, "g"}), 1, 1, 0));
  CHECK(confirm(target::group("g"), "2").queued == 1);
  changes(*this, {target::user("bob"), action::add, membership::label, "l"});
  CHECK(confirm(target::label("l"), "3").queued == 1);
  changes(*this, {target::label("l"), action::add, membership::user, "robert"});
  CHECK(confirm(target::user("bob"), "4").matched == 0);
  CHECK(confirm(target::user("robert"), "5").queued == 1);
  CHECK(a->client_reads_payloads() == texts{"1"});
  CHECK(b->client_reads_payloads() == texts{"1", "2", "3", "5"});
}

TEST_CASE_METHOD(node, "shard: a whole group can be emptied through itself", "[actors][shard]") {
  for (int i = 0; i < 10; ++i) connect({.groups = {"g"}});
  const auto r = changes(*this, {target::group("g"), change_membership::action::remove,
                                 membership::group, "g"});
  CHECK(same(r, 10, 10, 0));
  CHECK(confirm(target::group("g"), "x").matched == 0);
}

TEST_CASE_METHOD(node, "shard: who has left is in no set any more", "[actors][shard]") {
  const auto a = connect({.user = "ann", .groups = {"g"}, .labels = {"l"}});
  a->client_closes();
  run();
  const auto next = connect(); // takes the slot
  for (const auto& to : {target::user("ann"), target::group("g"), target::label("l"), target::connection(a.id)})
    CHECK(confirm(to, "x").matched == 0);
  CHECK(next->client_reads_payloads().empty());
}

// -- receipts --------------------------------------------------------------------------------------

TEST_CASE_METHOD(node, "shard: a receipt counts drops and closing connections as dropped",
                 "[actors][shard]") {
  const auto roomy = connect();
  const auto full = connect({.transport = {.bounds = {.max_bytes = 0}}});
  const auto closing = connect({.transport = {.client = manners::ignores_close}});
  caf::anon_send(closing.who, close_connection{close_status::of(close_reason::kicked)});
  const auto r = confirm({.to = {}, .message = frame::encode(opcode::text, "x"),
                          .policy = overflow::drop_newest});
  CHECK(same(r, 3, 1, 2));
  CHECK(total(&loop_counters::messages_queued) == 1);
  CHECK(total(&loop_counters::messages_dropped) == 2);
}

TEST_CASE_METHOD(node, "shard: a slow consumer that is closed for it counts as dropped",
                 "[actors][shard]") {
  const auto full = connect({.transport = {.bounds = {.max_bytes = 0}}});
  CHECK(same(confirm({}, "x"), 1, 0, 1));
  CHECK(full->closing()->reason == close_reason::slow_consumer);
}

TEST_CASE_METHOD(node, "shard: a connection that dies before it answers counts as dropped",
                 "[actors][shard]") {
  const auto a = connect(), b = connect();
  caf::scoped_actor self{system()};
  auto answer = self->request(registry, caf::infinite,
                              confirm_broadcast{{.to = {}, .message = frame::encode(opcode::text, "x")}});
  // The shard is ready but has not run: the end comes before the delivery in the mailbox.
  REQUIRE(host().run_one());
  SECTION("because its client leaves") { a->client_fails(); }
  SECTION("because it is killed") { caf::anon_send_exit(a.who, caf::exit_reason::kill); }
  run();
  REQUIRE(self->peek_at_next_mailbox_element());
  answer.receive([](const receipt& r) { CHECK(same(r, 2, 1, 1)); },
                 [](const caf::error&) { FAIL("no receipt"); });
  check_counters();
}

TEST_CASE_METHOD(node, "shard: a receipt for nobody comes at once", "[actors][shard]") {
  CHECK(same(confirm({}, "x"), 0, 0, 0));
  CHECK(same(confirm(target::group("g"), "x"), 0, 0, 0));
}

TEST_CASE_METHOD(node, "shard: a kept key counts as queued in a receipt", "[actors][shard]") {
  connect();
  for (int i = 0; i < 2; ++i)
    CHECK(same(confirm({.to = {}, .message = frame::encode(opcode::text, "x"),
                        .policy = overflow::latest_per_key, .key = "k"}), 1, 1, 0));
}

// -- closing ---------------------------------------------------------------------------------------

TEST_CASE_METHOD(two_shards, "shard: connections can be kicked by target, with a code and a text",
                 "[actors][shard]") {
  const auto a = connect({.groups = {"g"}, .host = 0}), b = connect({.groups = {"g"}, .host = 1});
  const auto c = connect({.host = 1});
  CHECK(same(closes(*this, target::group("g"), {close_reason::kicked, 4242, "out"}), 2, 2, 0));
  for (const auto& kicked : {a, b}) {
    const auto seen = kicked->client_reads();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].close_code() == 4242);
    CHECK(seen[0].close_text() == "out");
  }
  run();
  CHECK_FALSE(c->closing());
  CHECK(closed_for(close_reason::kicked) == 2);
  CHECK(total(&loop_counters::connections) == 1);
  check_counters();
}

TEST_CASE_METHOD(node, "shard: what was sent before a kick arrives before it", "[actors][shard]") {
  const auto slow = GENERATE(false, true);
  const auto a = connect();
  if (slow) // a fan-out that is still under way
    for (int i = 0; i < 5000; ++i) opens();
  run();
  caf::scoped_actor self{system()};
  self->send(registry, broadcast{.to = {}, .message = frame::encode(opcode::text, "goodbye")});
  self->send(registry, close_connections{target::everyone()});
  run();
  for (const auto& c : clients) {
    const auto seen = c->client_reads();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].payload == "goodbye");
    CHECK(seen[1].close_code() == 4001);
  }
}

TEST_CASE_METHOD(node, "shard: a change of membership takes its place between broadcasts",
                 "[actors][shard]") {
  const auto a = connect({.groups = {"g"}});
  using action = change_membership::action;
  caf::scoped_actor self{system()};
  const auto say = [&](const char* text) {
    self->send(registry, broadcast{.to = target::group("g"), .message = frame::encode(opcode::text, text)});
  };
  say("in");
  self->send(registry, change_membership{target::everyone(), action::remove, membership::group, "g"});
  say("out");
  self->send(registry, change_membership{target::everyone(), action::add, membership::group, "g"});
  say("in again");
  run();
  CHECK(a->client_reads_payloads() == texts{"in", "in again"});
}

// -- slices ----------------------------------------------------------------------------------------

TEST_CASE("shard: a fan-out over more than a slice lets a join in between", "[actors][shard]") {
  const std::size_t messages_a_turn = GENERATE(1U, 256U);
  node n{{.slice = 10}};
  for (int i = 0; i < 100; ++i) n.opens();
  n.run();
  n.send({}, "x");
  while (n.clients[0]->stats().queued_bytes == 0) REQUIRE(n.host().run_one(messages_a_turn));
  const auto late = n.opens();
  while (!late->started()) REQUIRE(n.host().run_one(messages_a_turn));
  CHECK(n.clients[99]->stats().queued_bytes == 0);
  n.run();
  for (int i = 0; i < 100; ++i) CHECK(n.clients[static_cast<std::size_t>(i)]->client_reads_payloads() == texts{"x"});
}

TEST_CASE("shard: when two deliveries are in line, connections of any slice find both at once", "[actors][shard]") {
  node n{{.slice = 10}};
  for (int i = 0; i < 100; ++i) n.opens({.groups = {"g"}});
  n.run();
  n.send({}, "to all");
  n.send(target::group("g"), "to the group");
  const auto queued = [&](std::size_t i) { return n.clients[i]->stats().queued_bytes; };
  const auto both = frame::encode(opcode::text, "to all").bytes().size() + frame::encode(opcode::text, "to the group").bytes().size();
  for (const auto i : {0U, 50U, 99U}) {
    while (queued(i) == 0) REQUIRE(n.host().run_one(256));
    CHECK(queued(i) == both);
  }
  n.run();
  for (const auto& c : n.clients) CHECK(c->client_reads_payloads() == texts{"to all", "to the group"});
}

TEST_CASE("shard: of many, the first have theirs sent before the others are asked", "[actors][shard]") {
  const auto [audience, early] = GENERATE(std::pair{63, 0}, std::pair{64, 16}, std::pair{1000, 16});
  node n{{.slice = 256}};
  for (int i = 0; i < audience; ++i) n.opens({.groups = {"g"}});
  n.run();
  const auto queued = [&] { return std::ranges::count_if(n.clients, [](const auto& c) { return c->stats().queued_bytes != 0; }); };
  std::vector<std::ptrdiff_t> when_sent;
  n.host().on_send_now = [&] { when_sent.push_back(queued()); };
  n.send(GENERATE(target::everyone(), target::group("g")), "x");
  while (n.host().run_one(256)) continue;
  CHECK(when_sent == (early ? std::vector<std::ptrdiff_t>{early} : std::vector<std::ptrdiff_t>{}));
  CHECK(queued() == audience);
}

TEST_CASE("shard: with another delivery in line nothing is sent before all have both", "[actors][shard]") {
  node n{{.slice = 256, .registry = {.max_joined_bytes = 0}}};
  for (int i = 0; i < 100; ++i) n.opens();
  n.run();
  int sent_early = 0;
  n.host().on_send_now = [&] { ++sent_early; };
  n.send({}, "1");
  n.send({}, "2");
  while (n.host().run_one(256)) continue;
  CHECK(sent_early == 0);
  for (const auto& c : n.clients) CHECK(c->client_reads_payloads() == texts{"1", "2"});
}

TEST_CASE("shard: nobody who stays misses a delivery or gets it twice, whoever comes and goes",
          "[actors][shard]") {
  std::mt19937 random{GENERATE(1U, 2U, 3U, 4U)};
  const auto to = GENERATE(target::everyone(), target::group("g"));
  node n{{.slice = 7, .registry = {.max_joined_bytes = 0}}};
  for (int i = 0; i < 60; ++i) n.opens({.groups = {"g"}});
  n.run();
  std::set<std::size_t> left;
  constexpr int messages = 20;
  int sent = 0;
  while (sent < messages || !n.host().idle()) {
    if (sent < messages && random() % 40 == 0) n.send(to, std::to_string(sent++));
    if (random() % 10 == 0) n.opens({.groups = {"g"}});
    if (random() % 10 == 0) {
      const auto i = random() % n.clients.size();
      if (n.clients[i]->started() && left.size() < 40 && left.insert(i).second) n.clients[i]->client_closes();
    }
    n.host().run_one();
    if (n.clients.size() > 400) break;
  }
  n.run();
  CHECK(sent == messages);
  for (std::size_t i = 0; i < n.clients.size(); ++i) {
    if (left.count(i)) continue;
    const auto seen = n.clients[i]->client_reads_payloads();
    // Each number once and in order; those who were there from the start, all of them.
    for (std::size_t k = 1; k < seen.size(); ++k) REQUIRE(std::stoi(seen[k]) > std::stoi(seen[k - 1]));
    if (i < 60) CHECK(seen.size() == messages);
    else if (!seen.empty()) CHECK(seen.back() == std::to_string(messages - 1));
  }
  n.check_counters();
}
