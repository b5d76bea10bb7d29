// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "channel_world.hpp"

#include <algorithm>
#include <random>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;
using namespace std::chrono_literals;

namespace {

world_options joins_and_presence() {
  world_options o;
  o.channels.presence = o.channels.join_leave = true;
  return o;
}

std::size_t count(const strings& all, std::string_view one) {
  return static_cast<std::size_t>(std::ranges::count(all, one));
}

} // namespace

// -- publish and subscribe -------------------------------------------------------------------------

TEST_CASE("channel: a subscriber gets its answer, then what is published, in order",
          "[actors][centrifuge][channel]") {
  world w;
  const auto a = w.comes("a");
  w.publish("c", "before");
  w.subscribe(a, "c");
  for (const auto* text : {"1", "2", "3"}) w.publish("c", text);
  w.publish("other", "x");
  CHECK(a->seen == strings{"answer", "plain:1", "plain:2", "plain:3"});
  w.unsubscribe(a, "c");
  w.publish("c", "after");
  CHECK(a->seen.size() == 4);
  CHECK(w.publish("c", "x") == publish_answer{stream_position{}});
}

TEST_CASE("channel: an answer leaves out what the namespace does not keep",
          "[actors][centrifuge][channel]") {
  world w;
  const auto a = w.subscribed("a", "c", recovering({7, "epoch"}));
  const auto& r = a.result();
  CHECK_FALSE(r.positioned);
  CHECK_FALSE(r.recoverable);
  CHECK_FALSE(r.recovered);
  CHECK(r.was_recovering);
  CHECK(r.position == stream_position{});
}

TEST_CASE("channel: a second subscription of the same client is refused",
          "[actors][centrifuge][channel]") {
  world w;
  const auto a = w.subscribed("a", "c");
  w.subscribe(a, "c");
  CHECK(a.error() == error_code::already_subscribed);
  w.publish("c", "1");
  CHECK(count(a->seen, "plain:1") == 1);
  w.unsubscribe(a, "c");
  w.subscribe(a, "c");
  CHECK_FALSE(a.error());
}

TEST_CASE("channel: a subscription without a connection is refused",
          "[actors][centrifuge][channel]") {
  world w;
  const auto where = GENERATE(connection_handle{}, connection_handle{9, 1, 0});
  const auto a = w.comes("a");
  a->where = where;
  w.subscribe(a, "c");
  CHECK(a.error() == error_code::bad_request);
}

TEST_CASE("channel: who is excluded from a publication does not get it, others do",
          "[actors][centrifuge][channel]") {
  world w({.hosts = 2});
  const auto a = w.subscribed("a", "c"), b = w.subscribed("b", "c");
  const auto c = w.subscribed("c", "c", {}, {}, 1); // same slot, other shard
  w.publish("c", "1", a->where);
  CHECK(a->seen == strings{"answer"});
  CHECK(b->seen == strings{"answer", "plain:1"});
  CHECK(c->seen == strings{"answer", "plain:1"});
}

TEST_CASE("channel: subscribers on many shards all see the same order",
          "[actors][centrifuge][channel]") {
  world w({.hosts = 4, .slice = 3});
  std::vector<fan> all;
  for (std::size_t i = 0; i < 40; ++i)
    all.push_back(w.subscribed("m" + std::to_string(i), "c", {}, {}, i % 4));
  for (int i = 0; i < 50; ++i) w.sends("c", std::to_string(i));
  w.run();
  CHECK(all.front()->seen.size() == 51);
  for (const auto& one : all) CHECK(one->seen == all.front()->seen);
}

TEST_CASE("channel: nothing is lost or doubled between an answer and the first event",
          "[actors][centrifuge][channel]") {
  const auto seed = GENERATE(range(0, 20));
  std::mt19937 random(static_cast<unsigned>(seed));
  world w({.channels = with_history(1000), .hosts = 3, .slice = 2});
  std::vector<fan> all;
  for (std::size_t i = 0; i < 9; ++i) all.push_back(w.comes("m" + std::to_string(i), {}, i % 3));
  const auto first = w.position("c");
  int published = 0;
  std::size_t next = 0;
  while (next < all.size() || published < 60) {
    if (random() % 4 == 0 && next < all.size())
      w.asks_to_subscribe(all[next++], "c", recovering(first));
    if (random() % 2 == 0) w.sends("c", std::to_string(++published));
    for (auto turns = random() % 6; turns != 0; --turns) w.host(random() % 3).run_one();
  }
  w.run();
  for (const auto& one : all) {
    strings got = data_of(one.result());
    REQUIRE(one->seen.front() == "answer");
    for (std::size_t i = 1; i < one->seen.size(); ++i) got.push_back(one->seen[i].substr(6));
    strings expected;
    for (int i = 1; i <= published; ++i) expected.push_back(std::to_string(i));
    CHECK(got == expected);
  }
}

TEST_CASE("channel: what an earlier subscription missed does not reach the next one",
          "[actors][centrifuge][channel]") {
  world w({.hosts = 2, .slice = 1});
  // The channel's loop is not the client's, whose shard is busy meanwhile.
  std::string name = "c0";
  while (&w.of(name) != &w.hubs[0]) name += '0';
  const auto slow = w.subscribed("slow", name, {}, {}, 1), a = w.subscribed("a", name, {}, {}, 1);
  w.sends(name, "old");
  w.host(0).run();
  caf::anon_send(w.hubs[0], unsubscribe_channel{name, "a"});
  w.host(0).run();
  w.asks_to_subscribe(a, name);
  w.host(0).run();
  w.run();
  CHECK(a->events.size() == 1);
  CHECK(a->seen == strings{"answer", "answer"});
  w.publish(name, "new");
  CHECK(a->seen.back() == "plain:new");
}

// -- presence, joins and leaves --------------------------------------------------------------------

TEST_CASE("channel: presence counts connections and distinct users", "[actors][centrifuge][channel]") {
  world w(joins_and_presence());
  const auto tab1 = w.subscribed("1", "c", {}, "ann"), tab2 = w.subscribed("2", "c", {}, "ann");
  w.subscribed("3", "c", {}, "bob");
  CHECK(w.stats("c").clients == 3);
  CHECK(w.stats("c").users == 2);
  const auto all = w.ask<presence_answered>(w.of("c"), get_presence{"c"});
  const auto& clients = std::get<presence_result>(all->value).clients;
  REQUIRE(clients.size() == 3);
  CHECK(clients.at("2").user == "ann");
  w.unsubscribe(tab1, "c");
  CHECK(w.stats("c").users == 2);
  w.unsubscribe(tab2, "c");
  CHECK(w.stats("c").clients == 1);
  CHECK(w.stats("c").users == 1);
  world without;
  const auto no_clients = without.ask<presence_answered>(without.of("c"), get_presence{"c"});
  CHECK(std::get<error_code>(no_clients->value) == error_code::not_available);
  const auto no_stats =
    without.ask<presence_stats_answered>(without.of("c"), get_presence_stats{"c"});
  CHECK(std::get<error_code>(no_stats->value) == error_code::not_available);
}

TEST_CASE("channel: a client that ends in whatever way has joined once and left once",
          "[actors][centrifuge][channel]") {
  world w(joins_and_presence());
  const auto watcher = w.subscribed("w", "c", with_joins), a = w.comes("a");
  w.subscribe(a, "c", with_joins);
  CHECK(a->seen == strings{"answer", "join:a"});
  SECTION("killed") { caf::anon_send_exit(a.who, caf::exit_reason::kill); }
  SECTION("closed") { caf::anon_send(a.who, close_connection{}); }
  SECTION("unsubscribed, then killed") {
    w.unsubscribe(a, "c");
    w.unsubscribe(a, "c");
    CHECK(a->seen == strings{"answer", "join:a"}); // not its own leave
    caf::anon_send_exit(a.who, caf::exit_reason::kill);
  }
  SECTION("killed while it unsubscribes") {
    caf::anon_send(w.of("c"), unsubscribe_channel{"c", "a"});
    caf::anon_send_exit(a.who, caf::exit_reason::kill);
  }
  w.run();
  CHECK(watcher->seen == strings{"answer", "join:w", "join:a", "leave:a"});
  CHECK(w.stats("c").clients == 1);
  w.publish("c", "1"); // nobody is left behind in the shard's set
  CHECK(watcher->seen.back() == "plain:1");
}

TEST_CASE("channel: a subscription may be left out of presence, joins and leaves, or be told where others are not",
          "[actors][centrifuge][channel]") {
  SECTION("left out") {
    world w(joins_and_presence());
    const auto watcher = w.subscribed("w", "c", with_joins);
    const auto quiet = w.subscribed("q", "c", {.overrides = {.presence = false, .join_leave = false}});
    CHECK(w.stats("c").clients == 1);
    w.unsubscribe(quiet, "c");
    CHECK(watcher->seen == strings{"answer", "join:w"});
  }
  SECTION("told") {
    world w;
    const auto watcher = w.subscribed("w", "c", with_joins);
    const auto loud = w.subscribed("l", "c", {.overrides = {.join_leave = true}});
    w.unsubscribe(loud, "c");
    CHECK(watcher->seen == strings{"answer", "join:l", "leave:l"});
  }
}

TEST_CASE("channel: a client that is dead when its subscription arrives joins and leaves",
          "[actors][centrifuge][channel]") {
  world w(joins_and_presence());
  const auto watcher = w.subscribed("w", "c", with_joins), a = w.comes("a");
  w.asks_to_subscribe(a, "c");
  caf::anon_send_exit(a.who, caf::exit_reason::kill);
  w.run();
  CHECK(count(watcher->seen, "join:a") == count(watcher->seen, "leave:a"));
  CHECK(w.stats("c").clients == 1);
}

TEST_CASE("channel: joins are encoded only for those who asked", "[actors][centrifuge][channel]") {
  world w(joins_and_presence());
  const auto a = w.subscribed("a", "c"), b = w.subscribed("b", "c");
  CHECK(w.json.join_leave_calls == 0);
  CHECK(b->events.empty());
  const auto c = w.subscribed("c", "c", with_joins);
  CHECK(w.json.join_leave_calls == 1);
  CHECK(a->seen == strings{"answer"});
  CHECK(c->seen == strings{"answer", "join:c"});
}

// -- bounds ----------------------------------------------------------------------------------------

TEST_CASE("channel: a publisher is answered once every shard has handed its publication over",
          "[actors][centrifuge][channel]") {
  world w({.hosts = 2, .settings = {.max_pending_bytes = 3000}});
  std::string name = "c0";
  while (&w.of(name) != &w.hubs[0]) name += '0';
  const auto a = w.subscribed("a", name, {}, {}, 1);
  caf::scoped_actor publisher{w.system()};
  const auto send = [&] {
    publisher->send(w.hubs[0], world::text(name, std::string(1000, 'x')));
    w.host(0).run();
  };
  send();
  send();
  CHECK_FALSE(publisher->has_next_message());
  send(); // beyond the bound
  publisher->receive([](const publish_answered& m) {
    CHECK(std::get<error_code>(m.value) == error_code::too_many_requests);
  });
  CHECK(w.total(&loop_counters::publications_refused) == 1);
  w.run();
  for (int i = 0; i < 2; ++i)
    publisher->receive([](const publish_answered& m) {
      CHECK(std::holds_alternative<stream_position>(m.value));
    });
  CHECK(a->seen.size() == 3);
  send(); // there is room again
  w.run();
  CHECK(a->seen.size() == 4);
}

TEST_CASE("channel: who leaves is answered once every shard has told of it",
          "[actors][centrifuge][channel]") {
  auto options = joins_and_presence();
  options.hosts = 2;
  world w(options);
  std::string name = "c0";
  while (&w.of(name) != &w.hubs[0]) name += '0';
  const auto watcher = w.subscribed("w", name, with_joins, {}, 1), a = w.subscribed("a", name);
  caf::scoped_actor client{w.system()};
  client->send(w.hubs[0], unsubscribe_channel{name, "a"});
  w.host(0).run();
  CHECK_FALSE(client->has_next_message());
  w.run();
  CHECK(client->has_next_message());
  CHECK(watcher->seen.back() == "leave:a");
}
