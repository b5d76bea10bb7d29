// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What can be read of a node's actors from outside.
#include "../node.hpp"

#include <troupe/inspect/fields.hpp>
#include <troupe/inspect/observatory.hpp>

#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;
using inspection::actor_kind;
using inspection::row;

namespace {

struct seen_node : node {
  explicit seen_node(const node_options& o = {.hosts = 2}) : node(o) {
    inspection::observatory::loop_list list;
    for (std::size_t i = 0; i < hosts(); ++i) list.push_back(host(i).figures());
    seen = inspection::observatory{list, [this] { return host().now(); }};
  }

  [[nodiscard]] row of(const client& c) const {
    for (auto& r : seen.snapshot(actor_kind::connection))
      if (r.who && r.who->id == c.id) return r;
    FAIL("no row");
    return {};
  }
  [[nodiscard]] row only(actor_kind kind) const {
    const auto rows = seen.snapshot(kind);
    REQUIRE(rows.size() == 1);
    return rows[0];
  }

  inspection::observatory seen;
};

struct pinging : seen_node {
  pinging() : seen_node({.heartbeat = {.ping_interval = 10s, .pong_timeout = 5s}}) {}
};

struct bystander_state {
  static constexpr const char* name = "bystander";
};
caf::behavior bystander(caf::stateful_actor<bystander_state, hosted<caf::event_based_actor>>*) {
  return {[](int) {}, [](const std::string&) { throw std::runtime_error{"no"}; }};
}

} // namespace

TEST_CASE_METHOD(seen_node, "observatory: sees the actors of every kind on every loop", "[actors][inspect]") {
  connect({.host = 1});
  std::multiset<std::string> names;
  seen.visit([&](const row& r) { names.insert(r.name); });
  CHECK(names == std::multiset<std::string>{"connection", "registry", "shard", "shard"});
  CHECK(only(actor_kind::registry).loop == 0);
  CHECK(only(actor_kind::connection).loop == 1);
  CHECK(seen.snapshot(actor_kind::channel).empty());
}

TEST_CASE_METHOD(seen_node, "observatory: a connection is seen until it ends, however it does",
                 "[actors][inspect]") {
  const auto a = connect(), b = connect(), c = connect();
  CHECK(seen.snapshot(actor_kind::connection).size() == 3);
  a->client_fails();
  caf::anon_send_exit(b.who, caf::exit_reason::kill);
  caf::anon_send(c.who, credit{1}); // fails
  run();
  CHECK(seen.snapshot(actor_kind::connection).empty());
}

TEST_CASE_METHOD(seen_node, "observatory: who a connection is goes with it, and outlives it in a row",
                 "[actors][inspect]") {
  const auto c = connect({.user = "ada", .groups = {"a", "b"}});
  const auto before = of(c);
  CHECK(before.who->user == "ada");
  CHECK(before.connection.subscriptions == 2);
  REQUIRE(ask<receipt>(registry, change_membership{target::connection(c.id),
                                                   change_membership::action::add,
                                                   membership::user, "eve"}));
  CHECK(of(c).who->user == "eve");
  c->client_fails();
  run();
  CHECK(before.who->user == "ada");
}

TEST_CASE_METHOD(seen_node, "observatory: counts what a connection receives and sends", "[actors][inspect]") {
  const auto c = connect({.host = 1});
  advance(2s);
  c->client_sends("hello");
  run();
  CHECK(of(c).connection.messages_in == 1);
  CHECK(of(c).connection.bytes_in == 5);
  CHECK(of(c).connection.idle == 0s);
  CHECK(of(c).connection.messages_out == 1); // its own
  CHECK(of(c).connection.queue_bytes == 7);
  CHECK(of(c).connection.queue_messages == 1);
  CHECK(of(c).connection.bytes_out == 0);
  advance(1s);
  CHECK(of(c).connection.oldest_queued == 1s);
  CHECK(of(c).connection.idle == 1s);
  c->client_reads();
  const auto after = of(c).connection;
  CHECK(after.queue_bytes == 0);
  CHECK(after.queue_messages == 0);
  CHECK(after.queue_peak_bytes == 7);
  CHECK(after.oldest_queued == 0s);
  CHECK(after.bytes_out == 7);
}

TEST_CASE_METHOD(seen_node, "observatory: counts what a policy drops or conflates", "[actors][inspect]") {
  const auto c = connect({.transport = {.bounds = {.max_bytes = 50}}});
  const auto send_with = [&](overflow policy, std::string key) {
    send({.to = {}, .message = frame::encode(opcode::text, "0123456789"), .policy = policy, .key = key});
    run();
  };
  send_with(overflow::latest_per_key, "k");
  send_with(overflow::latest_per_key, "k");
  CHECK(of(c).connection.conflated == 1);
  send_with(overflow::drop_newest, "");
  CHECK(of(c).connection.dropped == 1);
  send_with(overflow::drop_oldest, ""); // evicts the first
  CHECK(of(c).connection.dropped == 2);
  CHECK(of(c).connection.dropped == total(&loop_counters::messages_dropped));
  CHECK(of(c).connection.conflated == total(&loop_counters::messages_conflated));
}

TEST_CASE_METHOD(pinging, "observatory: knows the last, the shortest and the longest round trip",
                 "[actors][inspect]") {
  const auto c = connect();
  CHECK(of(c).connection.rtt == 0s);
  const auto round_trip = [&](std::chrono::milliseconds t) {
    const auto pings = c->control_frames().size();
    while (c->control_frames().size() == pings) advance(timing_wheel::tick); // pings come at its end
    advance(t);
    c->client_pongs();
    run();
  };
  round_trip(300ms);
  round_trip(100ms);
  round_trip(200ms);
  const auto now = of(c).connection;
  CHECK(now.rtt == 200ms);
  CHECK(now.rtt_min == 100ms);
  CHECK(now.rtt_max == 300ms);
}

TEST_CASE_METHOD(seen_node, "observatory: a mailbox that fills is seen before its actor runs",
                 "[actors][inspect]") {
  const auto who = spawn_on(host(), bystander);
  for (int i = 0; i < 5; ++i) caf::anon_send(who, i);
  CHECK(only(actor_kind::custom).mailbox == 5);
  run();
  const auto after = only(actor_kind::custom);
  CHECK(after.name == std::string_view{"bystander"});
  CHECK(after.mailbox == 0);
  CHECK(after.mailbox_peak == 5);
  CHECK(after.handled == 5);
  CHECK(after.times.total() == 5);
  CHECK(after.busy > 0ns);
  CHECK(after.errors == 0);
  caf::anon_send_exit(who, caf::exit_reason::kill);
  run();
  CHECK(seen.snapshot(actor_kind::custom).empty());
}

TEST_CASE_METHOD(seen_node, "observatory: tells the type of the last message an actor handled",
                 "[actors][inspect]") {
  const auto c = connect();
  send({}, "x");
  run();
  CHECK(of(c).last_message_name() == "troupe::deliver");
}

TEST_CASE_METHOD(seen_node, "observatory: samples the way of a message, stage by stage",
                 "[actors][inspect]") {
  const auto count = [&](meters::stage part) {
    std::uint64_t n = 0;
    const auto& l = host(0).figures()->stages[static_cast<std::size_t>(part)];
    for (std::size_t i = 0; i < meters::latency::buckets; ++i) n += l.count(i);
    return n;
  };
  const auto c = connect();
  advance(1s);
  send({}, "x");
  run();
  CHECK(count(meters::stage::ingress) == 1);
  CHECK(count(meters::stage::mailbox) == 1);
  CHECK(count(meters::stage::queue) == 0);
  c->client_reads();
  CHECK(count(meters::stage::queue) == 1);
  send({}, "y"); // too soon after the sample before
  run();
  CHECK(count(meters::stage::mailbox) == 1);
  advance(1s);
  send({}, "z");
  run();
  CHECK(count(meters::stage::mailbox) == 2);
}

TEST_CASE_METHOD(seen_node, "observatory: outlives the loops it reads", "[actors][inspect]") {
  inspection::observatory late;
  {
    testing::deterministic_system other;
    late = inspection::observatory{{other.host().figures()}};
    spawn_on(other.host(), bystander);
    CHECK(late.snapshot(actor_kind::custom).size() == 1);
  }
  CHECK(late.loops().size() == 1);
}

TEST_CASE("fields: have names of their own, and every actor has some", "[actors][inspect]") {
  std::set<std::string_view> names;
  for (const auto& f : inspection::fields()) {
    CAPTURE(f.name);
    CHECK(names.insert(f.name).second);
    CHECK_FALSE(f.meaning.empty());
    CHECK(inspection::find_field(f.name) == &f);
    CHECK(f.value(row{}) == 0);
  }
  CHECK(inspection::find_field("nonsense") == nullptr);
  CHECK(inspection::has(*inspection::find_field("mailbox"), actor_kind::hub));
  CHECK(inspection::has(*inspection::find_field("queue_bytes"), actor_kind::connection));
  CHECK_FALSE(inspection::has(*inspection::find_field("queue_bytes"), actor_kind::channel));
  CHECK(inspection::has(*inspection::find_field("offset"), actor_kind::channel));
}
