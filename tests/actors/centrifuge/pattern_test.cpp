// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Subscriptions to patterns: what they get, who knows them, how they end.
#include "channel_world.hpp"

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;
using namespace std::chrono_literals;

namespace {

channel_options wild(channel_options o = {}) {
  o.allow_wildcards = true;
  return o;
}

/// A name of that hub: the stem, as many zeros as it takes, the tail.
std::string name_at(const world& w, std::size_t hub, std::string stem, const std::string& tail = {}) {
  while (&w.of(stem + tail) != &w.hubs[hub]) stem += '0';
  return stem + tail;
}
std::string matching(const std::string& pattern, std::string level) {
  return pattern.substr(0, pattern.size() - 1) + level;
}

bool has(const publish_answer& answer) { return std::holds_alternative<stream_position>(answer); }

} // namespace

TEST_CASE("pattern: its subscribers get what is published where it matches, and are told where",
          "[actors][centrifuge][pattern]") {
  world w({.channels = wild()});
  const auto level = w.subscribed("a", "a.*"), rest = w.subscribed("b", "a.>");
  for (const auto* channel : {"a.x", "a.x.y", "b.x", "a"}) CHECK(has(w.publish(channel, "1")));
  CHECK(level->seen == strings{"answer", "plain:1 in a.x"});
  CHECK(rest->seen == strings{"answer", "plain:1 in a.x", "plain:1 in a.x.y"});
}

TEST_CASE("pattern: subscribers of the channel itself get the same",
          "[actors][centrifuge][pattern]") {
  world w({.channels = wild(with_history())});
  const auto direct = w.subscribed("a", "a.x", recoverable);
  const auto by_pattern = w.subscribed("b", "*.x");
  CHECK(has(w.publish("a.x", "1")));
  CHECK(direct->seen == strings{"answer", "plain:1"});
  CHECK(by_pattern->seen == strings{"answer", "plain:1 in a.x"});
  CHECK(w.json.calls[0] == 2); // once for the channel, once for the pattern
}

TEST_CASE("pattern: it matches channels of every hub", "[actors][centrifuge][pattern]") {
  world w({.channels = wild(), .hosts = 4});
  const auto a = w.subscribed("a", "a.*", {}, {}, 2), b = w.subscribed("b", "*.>", {}, {}, 3);
  for (int i = 0; i < 40; ++i) CHECK(has(w.publish("a." + std::to_string(i), "1")));
  for (std::size_t i = 0; i < 4; ++i) CHECK(w.host(i).counters().channels.value() > 2);
  CHECK(a->seen.size() == 41);
  CHECK(b->seen.size() == 41);
}

TEST_CASE("pattern: who is answered misses nothing on any hub", "[actors][centrifuge][pattern]") {
  world w({.channels = wild(), .hosts = 2});
  const auto pattern = name_at(w, 0, "a", ".*");
  const auto channel = name_at(w, 1, matching(pattern, "x"));
  const auto a = w.comes("a"), b = w.comes("b");
  w.asks_to_subscribe(a, pattern);
  w.asks_to_subscribe(b, pattern);
  w.host(0).run();
  CHECK(a->seen.empty()); // the other hub does not know it yet
  w.sends(channel, "1");
  w.host(1).run();
  w.host(0).run();
  CHECK(a->seen == strings{"answer", "plain:1 in " + channel});
  CHECK(b->seen == a->seen);
  w.run();
  w.publish(channel, "2");
  CHECK(a->seen.back() == "plain:2 in " + channel);
  CHECK(b->seen.back() == "plain:2 in " + channel);
}

TEST_CASE("pattern: it stays in its namespace", "[actors][centrifuge][pattern]") {
  world w({.channels = wild(), .namespaces = {{"chat", wild()}, {"other", wild()}, {"off", {}}}});
  const auto named = w.subscribed("a", "chat:>"), unnamed = w.subscribed("b", ">");
  for (const auto* channel : {"chat:1", "chat:a.b", "other:1", "off:1", "1"})
    CHECK(has(w.publish(channel, "1")));
  CHECK(named->seen == strings{"answer", "plain:1 in chat:1", "plain:1 in chat:a.b"});
  CHECK(unnamed->seen == strings{"answer", "plain:1 in 1"});
}

TEST_CASE("pattern: it does not match channels that take more to subscribe to",
          "[actors][centrifuge][pattern]") {
  world w({.channels = wild(), .namespaces = {{"chat", wild()}}});
  const auto a = w.subscribed("a", ">"), b = w.subscribed("b", "chat:>");
  for (const auto* channel : {"$a", "a#42", "#42", "$chat:a", "chat:a#42"})
    CHECK(has(w.publish(channel, "1")));
  CHECK(a->seen == strings{"answer"});
  CHECK(b->seen == strings{"answer"});
}

TEST_CASE("pattern: where they are not allowed it is a name as any other",
          "[actors][centrifuge][pattern]") {
  world w;
  const auto a = w.subscribed("a", "a.*");
  w.publish("a.x", "1");
  w.publish("a.*", "2");
  CHECK(a->seen == strings{"answer", "plain:2"});
}

TEST_CASE("pattern: it has no history, no presence, and takes no publications",
          "[actors][centrifuge][pattern]") {
  auto options = wild(with_history());
  options.presence = options.join_leave = true;
  world w({.channels = options});
  auto how = recovering({0, ""});
  how.features.join_leave = true;
  const auto a = w.subscribed("a", "a.*", how), b = w.subscribed("b", "a.*");
  CHECK_FALSE(a.result().recoverable);
  CHECK_FALSE(a.result().recovered);
  CHECK_FALSE(a.result().positioned);
  CHECK(a->seen == strings{"answer"}); // no joins
  CHECK(w.publish("a.*", "1") == publish_answer{error_code::bad_request});
  const auto history = w.ask<history_answered>(w.of("a.*"), get_history{"a.*", {}});
  CHECK(std::get<error_code>(history->value) == error_code::not_available);
  const auto presence = w.ask<presence_answered>(w.of("a.*"), get_presence{"a.*"});
  CHECK(std::get<error_code>(presence->value) == error_code::not_available);
}

TEST_CASE("pattern: a malformed one is refused", "[actors][centrifuge][pattern]") {
  world w({.channels = wild()});
  const auto a = w.comes("a");
  w.subscribe(a, ">.a");
  CHECK(a.error() == error_code::bad_request);
  CHECK(w.total(&loop_counters::channels) == 0);
}

TEST_CASE("pattern: who is excluded from a publication is so here too",
          "[actors][centrifuge][pattern]") {
  world w({.channels = wild()});
  const auto a = w.subscribed("a", "a.*"), b = w.subscribed("b", "a.*");
  w.publish("a.x", "1", a->where);
  CHECK(a->seen == strings{"answer"});
  CHECK(b->seen == strings{"answer", "plain:1 in a.x"});
}

TEST_CASE("pattern: the latest per key is per channel too", "[actors][centrifuge][pattern]") {
  auto options = wild();
  options.slow_consumer = overflow::latest_per_key;
  world w({.channels = options});
  const auto a = w.subscribed("a", "a.*");
  for (const auto* channel : {"a.x", "a.y", "a.x"}) w.publish(channel, "1");
  REQUIRE(a->events.size() == 3);
  const auto key = [&](std::size_t i) { return a->events[i]->encoded[0][0]->key; };
  CHECK(key(0) == key(2));
  CHECK(key(0) != key(1));
}

// -- bounds and ends -------------------------------------------------------------------------------

TEST_CASE("pattern: a publisher is answered once its subscribers have the publication",
          "[actors][centrifuge][pattern]") {
  world w({.channels = wild(), .hosts = 2});
  const auto pattern = name_at(w, 0, "a", ".*");
  const auto a = w.subscribed("a", pattern, {}, {}, 1);
  caf::scoped_actor publisher{w.system()};
  publisher->send(w.hubs[0], world::text(name_at(w, 0, matching(pattern, "x")), "1"));
  w.host(0).run();
  CHECK_FALSE(publisher->has_next_message());
  w.run();
  CHECK(publisher->has_next_message());
  CHECK(a->seen.size() == 2);
}

TEST_CASE("pattern: what waits for its subscribers is bounded, and what is refused counted",
          "[actors][centrifuge][pattern]") {
  world w({.channels = wild(), .hosts = 2, .settings = {.max_pending_bytes = 3000}});
  const auto pattern = name_at(w, 0, "a", ".*");
  const auto a = w.subscribed("a", pattern, {}, {}, 1);
  caf::scoped_actor publisher{w.system()};
  auto name = matching(pattern, "x");
  for (int i = 0; i < 3; ++i) {
    name = name_at(w, 0, name + '0');
    publisher->send(w.hubs[0], world::text(name, std::string(1000, 'x')));
  }
  w.host(0).run();
  CHECK(w.total(&loop_counters::publications) == 3);
  CHECK(w.total(&loop_counters::publications_refused) == 1);
  w.run();
  CHECK(a->seen.size() == 3);
  w.publish(name, "there is room again");
  CHECK(a->seen.size() == 4);
}

TEST_CASE("pattern: one without subscribers goes, however much is published where it matches",
          "[actors][centrifuge][pattern]") {
  world w({.channels = wild(), .hosts = 2, .settings = {.idle = 5s}});
  const auto actors = w.running();
  const auto a = w.subscribed("a", "a.*");
  for (int i = 0; i < 20; ++i) {
    w.publish("a.x", "1");
    w.advance(1s);
  }
  CHECK(w.total(&loop_counters::channels) == 2);
  CHECK(a->seen.size() == 21);
  w.unsubscribe(a, "a.*");
  for (int i = 0; i < 20; ++i) {
    w.publish("a.x", "1");
    w.advance(300ms);
  }
  CHECK(w.total(&loop_counters::channels) == 1);
  CHECK(w.running() == actors + 2); // the client and a.x
  CHECK(a->seen.size() == 21);
  w.subscribe(a, "a.*");
  w.publish("a.x", "2");
  CHECK(a->seen.back() == "plain:2 in a.x");
}

TEST_CASE("pattern: a client that was killed is subscribed no longer",
          "[actors][centrifuge][pattern]") {
  world w({.channels = wild(), .settings = {.idle = 5s}});
  const auto a = w.subscribed("a", "a.*");
  caf::anon_send_exit(a.who, caf::exit_reason::kill);
  w.advance(6s);
  CHECK(w.total(&loop_counters::channels) == 0);
}

TEST_CASE("pattern: when it fails its subscribers are told, and nobody else is harmed",
          "[actors][centrifuge][pattern]") {
  world w({.channels = wild(), .hosts = 2});
  const auto a = w.subscribed("a", "a.*"), b = w.subscribed("b", "a.*", {}, {}, 1);
  for (int i = 0; i < 5; ++i) w.publish("a.x", "1");
  CHECK(has(w.publish("a.x", "crash"))); // a.x itself has nobody to encode it for
  CHECK(a->seen.back() == "lost");
  CHECK(b->seen.back() == "lost");
  CHECK(w.total(&loop_counters::channels_failed) == 1);
  w.publish("a.x", "2");
  CHECK(a->seen.back() == "lost");
  w.subscribe(a, "a.*");
  w.publish("a.x", "3");
  CHECK(a->seen.back() == "plain:3 in a.x");
  CHECK(b->seen.back() == "lost");
}

TEST_CASE("pattern: a publication for one on a hub that is gone is answered all the same",
          "[actors][centrifuge][pattern]") {
  world w({.channels = wild(), .hosts = 2});
  const auto pattern = name_at(w, 1, "a", ".*");
  const auto a = w.subscribed("a", pattern);
  caf::anon_send_exit(w.hubs[1], caf::exit_reason::kill);
  w.run();
  CHECK(has(w.publish(name_at(w, 0, matching(pattern, "x")), "1")));
  const auto b = w.subscribed("b", name_at(w, 0, "b", ".*")); // all hubs that are left know it
  CHECK(b->seen == strings{"answer"});
}
