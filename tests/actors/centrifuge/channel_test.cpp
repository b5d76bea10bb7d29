// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "channel_world.hpp"
#include "fossil_apply.hpp"

#include <algorithm>
#include <random>
#include <set>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;
using namespace std::chrono_literals;

namespace {

constexpr subscription recoverable{.features = {.positioned = true, .recoverable = true}};
constexpr subscription with_joins{.features = {.join_leave = true}};

subscription recovering(stream_position from, bool reject = false) {
  auto how = recoverable;
  how.recover = std::move(from);
  how.reject_unrecovered = reject;
  return how;
}

strings data_of(const subscribe_result& r) {
  strings all;
  for (const auto& p : r.publications) all.push_back(p.publication->data.bytes);
  return all;
}

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

TEST_CASE("channel: a subscription without a connection is refused", "[actors][centrifuge][channel]") {
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
    if (random() % 4 == 0 && next < all.size()) w.asks_to_subscribe(all[next++], "c", recovering(first));
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

// -- encodings -------------------------------------------------------------------------------------

TEST_CASE("channel: a publication is encoded once for each kind of subscriber",
          "[actors][centrifuge][channel]") {
  auto options = with_history();
  options.allowed_delta_types = {"fossil"};
  options.delta_publish = true;
  world w({.channels = options});
  const std::string base(100, 'x');
  w.publish("c", base);
  CHECK(w.json.calls == std::array{0, 0, 0}); // nobody listens
  std::vector<fan> all;
  for (int i = 0; i < 1000; ++i) all.push_back(w.subscribed("m" + std::to_string(i), "c"));
  w.publish("c", base + "1");
  CHECK(w.json.calls == std::array{1, 0, 0});
  CHECK(w.protobuf.calls == std::array{0, 0, 0});
  w.subscribed("p", "c", {.codec = encoding::protobuf});
  w.subscribed("d", "c", {.delta = true});
  w.publish("c", base + "2");
  CHECK(w.json.calls == std::array{2, 1, 1});
  CHECK(w.protobuf.calls == std::array{1, 0, 0});
  for (const auto& one : all)
    CHECK(one->seen == strings{"answer", "plain:" + base + "1", "plain:" + base + "2"});
}

TEST_CASE("channel: frames have the type and framing of their encoding", "[actors][centrifuge][channel]") {
  world w;
  const auto j = w.subscribed("j", "c"), p = w.subscribed("p", "c", {.codec = encoding::protobuf});
  w.publish("c", "1");
  const auto of = [](const fan& f, encoding as) {
    return f->events.back()->encoded[static_cast<std::size_t>(as)][0]->message;
  };
  CHECK(of(j, encoding::json) == frame::encode(opcode::text, "plain:1"));
  CHECK(of(p, encoding::protobuf) == frame::encode(opcode::binary, "length+plain:1"));
}

TEST_CASE("channel: what an encoding cannot write reaches its subscribers without bytes",
          "[actors][centrifuge][channel]") {
  world w;
  const auto j = w.subscribed("j", "c"), p = w.subscribed("p", "c", {.codec = encoding::protobuf});
  w.ask<publish_answered>(w.of("c"), publish_channel{"c", {"\xff", false}, {}, {}, {}, {}});
  CHECK(j->seen.back() == "unwritable");
  CHECK(p->seen.back() == "length+plain:\xff");
}

TEST_CASE("channel: deliveries carry the namespace's policy, and keys of different channels differ",
          "[actors][centrifuge][channel]") {
  world_options o;
  o.channels.slow_consumer = overflow::latest_per_key;
  o.channels.join_leave = true;
  world w(o);
  const auto a = w.subscribed("a", "c", with_joins), b = w.subscribed("b", "d", with_joins);
  const auto delivered = [](const fan& f) { return f->events.back()->encoded[0][0]; };
  CHECK(delivered(a)->policy == overflow::drop_oldest); // its join
  auto m = world::text("c", "1");
  m.key = "k";
  w.ask<publish_answered>(w.of("c"), m);
  m.channel = "d";
  w.ask<publish_answered>(w.of("d"), m);
  CHECK(delivered(a)->policy == overflow::latest_per_key);
  CHECK(delivered(a)->key != delivered(b)->key);
}

TEST_CASE("channel: deltas lead from each publication to the next", "[actors][centrifuge][channel]") {
  auto options = with_history(3);
  options.allowed_delta_types = {"fossil"};
  options.delta_publish = true;
  world w({.channels = options});
  auto how = recoverable;
  how.delta = true;
  const auto a = w.subscribed("a", "c", how);
  CHECK(a.result().delta);
  std::string expected, has;
  std::size_t deltas = 0;
  for (int i = 0; i < 20; ++i) {
    // Now and then one with nothing in common, for which a delta is not smaller.
    expected = i % 7 == 3 ? std::to_string(i) : std::string(80, 'x') + std::to_string(i);
    w.publish("c", expected);
    const auto& text = a->seen.back();
    if (text.starts_with("delta:")) {
      ++deltas;
      const auto applied = fossil_apply(has, text.substr(6));
      REQUIRE(applied);
      has = *applied;
    } else {
      REQUIRE(text.starts_with("full:"));
      has = text.substr(5);
    }
    REQUIRE(has == expected);
    const auto& forms = a->events.back()->encoded[0];
    CHECK(forms[static_cast<std::size_t>(payload_form::full)]); // for those who lack the base
    CHECK_FALSE(forms[static_cast<std::size_t>(payload_form::plain)]);
  }
  CHECK(deltas > 10);
  CHECK(a->seen[1].starts_with("full:")); // there was nothing before it
}

TEST_CASE("channel: recovered publications are full first, then deltas", "[actors][centrifuge][channel]") {
  auto options = with_history();
  options.allowed_delta_types = {"fossil"};
  world w({.channels = options});
  const std::string base(80, 'x');
  for (int i = 1; i <= 4; ++i) w.publish("c", base + std::to_string(i));
  auto how = recovering({1, {}});
  how.delta = true;
  const auto a = w.subscribed("a", "c", how);
  const auto& got = a.result().publications;
  REQUIRE(got.size() == 3);
  CHECK(got[0].form == payload_form::full);
  for (std::size_t i = 1; i < 3; ++i) {
    REQUIRE(got[i].form == payload_form::delta);
    CHECK(fossil_apply(got[i - 1].publication->data.bytes, got[i].delta) ==
          got[i].publication->data.bytes);
  }
  w.publish("c", base + "5"); // delta_publish is off
  CHECK(a->seen.back() == "full:" + base + "5");
}

// -- recovery --------------------------------------------------------------------------------------

TEST_CASE("channel: a stream is recovered whole or not at all", "[actors][centrifuge][channel]") {
  world w({.channels = with_history(5), .settings = {.max_recovered_publications = 4}});
  for (int i = 1; i <= 8; ++i) w.publish("c", std::to_string(i));
  const auto top = w.position("c");
  CHECK(top.offset == 8);
  int n = 0;
  const auto tries = [&](stream_position from) {
    return w.subscribed("m" + std::to_string(n++), "c", recovering(std::move(from)));
  };
  SECTION("what was missed comes with the answer, which echoes the position") {
    const auto a = tries({5, top.epoch});
    const auto& r = a.result();
    CHECK((r.positioned && r.recoverable && r.recovered && r.was_recovering));
    CHECK(r.position == stream_position{5, top.epoch});
    CHECK(data_of(r) == strings{"6", "7", "8"});
  }
  SECTION("who missed nothing has recovered with nothing") {
    const auto a = tries(top);
    CHECK(a.result().recovered);
    CHECK(a.result().publications.empty());
  }
  SECTION("a gap, another epoch, an offset of the future or too many are not recovered") {
    for (const auto& from : {stream_position{2, top.epoch}, {8, "other"}, {9, top.epoch}, {3, top.epoch}}) {
      const auto a = tries(from);
      const auto& r = a.result();
      CHECK((r.positioned && r.recoverable && r.was_recovering && !r.recovered));
      CHECK(r.position == top);
      CHECK(r.publications.empty());
    }
  }
  SECTION("who insists on recovery is not subscribed without") {
    const auto a = w.comes("a");
    w.subscribe(a, "c", recovering({1, top.epoch}, true));
    CHECK(a.error() == error_code::unrecoverable_position);
    w.publish("c", "9");
    CHECK(a->events.empty());
    w.subscribe(a, "c", recovering({8, top.epoch}, true));
    CHECK(data_of(a.result()) == strings{"9"});
  }
  SECTION("who does not ask starts at the top") {
    const auto a = w.subscribed("a", "c", recoverable);
    CHECK((a.result().recoverable && !a.result().was_recovering && !a.result().recovered));
    CHECK(a.result().position == top);
    CHECK(a.result().publications.empty());
  }
}

TEST_CASE("channel: in cache mode only the latest publication is recovered",
          "[actors][centrifuge][channel]") {
  auto options = with_history(2);
  options.force_recovery = true;
  options.force_recovery_mode = recovery_mode::cache;
  options.auto_cache_recover = GENERATE(false, true);
  CAPTURE(options.auto_cache_recover);
  world w({.channels = options});
  for (int i = 1; i <= 3; ++i) w.publish("c", std::to_string(i));
  const auto top = w.position("c");
  const auto behind = w.subscribed("a", "c", recovering({1, "other"}));
  CHECK((behind.result().recovered && behind.result().position.offset == 1));
  CHECK(data_of(behind.result()) == strings{"3"});
  const auto current = w.subscribed("b", "c", recovering(top));
  CHECK(current.result().recovered);
  CHECK(current.result().publications.empty());
  const auto fresh = w.subscribed("d", "c", recoverable);
  CHECK(fresh.result().was_recovering == options.auto_cache_recover);
  CHECK(data_of(fresh.result()) == (options.auto_cache_recover ? strings{"3"} : strings{}));
  CHECK(fresh.result().position.offset == (options.auto_cache_recover ? 0 : 3));
}

TEST_CASE("channel: history is paged up to the cap, and refused where there is none",
          "[actors][centrifuge][channel]") {
  world w({.channels = with_history(5), .settings = {.max_history_publications = 2}});
  for (int i = 1; i <= 4; ++i)
    CHECK(std::get<stream_position>(w.publish("c", std::to_string(i))).offset ==
          static_cast<std::uint64_t>(i));
  const auto page = w.ask<history_answered>(w.of("c"), get_history{"c", {.limit = -1, .reverse = true}});
  const auto& found = std::get<history_page>(page->value);
  REQUIRE(found.publications.size() == 2);
  CHECK(found.publications[0]->data.bytes == "4");
  CHECK(found.top.offset == 4);
  world without;
  CHECK(std::get<error_code>(without.ask<history_answered>(without.of("c"), get_history{"c", {}})->value) ==
        error_code::not_available);
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
  CHECK(std::get<error_code>(without.ask<presence_answered>(without.of("c"), get_presence{"c"})->value) ==
        error_code::not_available);
  CHECK(std::get<error_code>(
          without.ask<presence_stats_answered>(without.of("c"), get_presence_stats{"c"})->value) ==
        error_code::not_available);
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
