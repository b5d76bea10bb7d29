// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Namespaces that are others from one moment to the next, while there are subscribers.
#include "channel_world.hpp"

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;
using namespace std::chrono_literals;

namespace {

channel_options with_presence() {
  channel_options o;
  o.presence = true;
  return o;
}

std::size_t kept(world& w, const std::string& channel) {
  const auto answer = w.ask<history_answered>(w.of(channel), get_history{channel, {.limit = -1}});
  REQUIRE(answer);
  return std::get<history_page>(answer->value).publications.size();
}

unsubscribe_code why(const fan& f) {
  REQUIRE_FALSE(f->events.empty());
  REQUIRE(f->events.back()->what == channel_event::kind::lost);
  return f->events.back()->why;
}

channels_config one(const std::string& name, channel_options options) {
  return {{}, name_rule::default_max_bytes, {}, {{name, std::move(options)}}};
}

} // namespace

TEST_CASE("namespaces: renewed ones are found from then on, and what was found stays", "[actors][centrifuge][options]") {
  namespaces names{one("chat", with_history(5))};
  const auto* before = names.find("chat:1");
  names.renew(one("chat", with_history(7)));
  CHECK(names.generation() == 1);
  CHECK(names.find("chat:1")->options.history_size == 7);
  CHECK(before->options.history_size == 5);
  names.renew(one("news", {}));
  CHECK(names.generation() == 2);
  CHECK(names.find("chat:1") == nullptr);
  CHECK(names.find("news:1")->name == "news");
}

TEST_CASE("namespaces: a policy that was changed stays until the configuration has another one",
          "[actors][centrifuge][options]") {
  channel_options o;
  o.allow_wildcards = true;
  namespaces names{one("chat", o)};
  CHECK(names.change_policy("chat", overflow::drop_newest).empty());
  o.exclude_publisher = true;
  names.renew(one("chat", o));
  CHECK(names.find("chat:1")->options.policy() == overflow::drop_newest);
  CHECK(names.find("chat:*")->options.policy() == overflow::drop_newest);
  o.slow_consumer = overflow::drop_oldest;
  names.renew(one("chat", o));
  CHECK(names.find("chat:1")->options.policy() == overflow::drop_oldest);
  CHECK(names.find("chat:*")->options.policy() == overflow::drop_oldest);
}

TEST_CASE("renewed namespace: a channel keeps as much as it says now, and its subscribers",
          "[actors][centrifuge][channel]") {
  world w({.channels = with_history(5)});
  for (int i = 1; i <= 5; ++i) w.publish("c", std::to_string(i));
  const auto a = w.subscribed("a", "c", recoverable);
  const auto before = w.position("c");
  w.renew(with_history(2));
  SECTION("when hubs are told") {
    w.tell_hubs();
    CHECK(kept(w, "c") == 2);
  }
  SECTION("when it is asked for something before that") { CHECK(kept(w, "c") == 2); }
  w.publish("c", "6");
  CHECK(w.position("c") == stream_position{6, before.epoch});
  CHECK(kept(w, "c") == 2);
  CHECK(a->seen == strings{"answer", "plain:6"});
  auto longer = with_history(2);
  longer.history_ttl = 1h;
  w.renew(longer);
  w.tell_hubs();
  w.advance(100s);
  CHECK(kept(w, "c") == 2);
}

TEST_CASE("renewed namespace: history can be kept from then on", "[actors][centrifuge][channel]") {
  world w;
  const auto a = w.subscribed("a", "c");
  w.renew(with_history());
  w.publish("c", "1");
  CHECK(kept(w, "c") == 1);
  CHECK(a->seen == strings{"answer", "plain:1"});
}

TEST_CASE("renewed namespace: presence can go, and does not come back by itself", "[actors][centrifuge][channel]") {
  world w({.channels = with_presence()});
  const auto a = w.subscribed("a", "c");
  CHECK(w.stats("c").clients == 1);
  w.renew({});
  const auto answer = w.ask<presence_stats_answered>(w.of("c"), get_presence_stats{"c"});
  CHECK(std::get<error_code>(answer->value) == error_code::not_available);
  CHECK(a->seen == strings{"answer"});
  w.renew(with_presence()); // of those that are there some would be missing
  w.tell_hubs();
  CHECK(why(a) == unsubscribe_code::insufficient_state);
  w.subscribed("b", "c");
  CHECK(w.stats("c").clients == 1);
  CHECK(w.total(&loop_counters::channels_failed) == 0);
}

TEST_CASE("renewed namespace: subscribers subscribe again where they cannot go on", "[actors][centrifuge][channel]") {
  auto from = with_history();
  auto to = from;
  SECTION("history is not kept any more") { to = {}; }
  SECTION("it is to be on disk") { to.history_persistent = true; }
  SECTION("it is not to be on disk any more") { from.history_persistent = true; }
  world w({.channels = from});
  const auto a = w.subscribed("a", "c", recoverable);
  const auto b = w.subscribed("b", "other", recoverable);
  w.renew(to);
  w.publish("c", "1"); // to nobody
  CHECK(a->seen == strings{"answer", "lost"});
  CHECK(why(a) == unsubscribe_code::insufficient_state);
  CHECK(b->seen == strings{"answer"});
  w.tell_hubs();
  CHECK(why(b) == unsubscribe_code::insufficient_state);
  w.subscribe(a, "c");
  w.publish("c", "2");
  CHECK(a->seen.back() == "plain:2");
}

TEST_CASE("renewed namespace: one that is gone takes its subscriptions along", "[actors][centrifuge][channel]") {
  world w({.namespaces = {{"chat", {}}, {"news", {}}}});
  const auto a = w.subscribed("a", "chat:1");
  const auto b = w.subscribed("b", "news:1");
  w.renew({}, {{"news", {}}});
  CHECK(std::get<error_code>(w.publish("chat:1", "x")) == error_code::unknown_channel);
  CHECK(why(a) == unsubscribe_code::server_unsubscribe);
  w.tell_hubs();
  CHECK(b->seen == strings{"answer"});
  CHECK(w.total(&loop_counters::channels) == 1);
}

TEST_CASE("renewed namespace: who waits for a channel that ends is answered", "[actors][centrifuge][channel]") {
  world w({.channels = with_history(), .slice = 1});
  w.subscribed("a", "c");
  w.subscribed("b", "c");
  w.sends("c", "1"); // not handled yet
  w.renew({});
  w.tell_hubs();
  CHECK(std::holds_alternative<stream_position>(w.publish("c", "2")));
}

TEST_CASE("renewed namespace: all channels of a hub find out, some at a time", "[actors][centrifuge][channel]") {
  world w({.channels = with_presence()});
  const auto a = w.comes("a");
  for (int i = 0; i < 5'000; ++i) w.sends("c" + std::to_string(i), "x");
  w.run();
  REQUIRE(w.total(&loop_counters::channels) == 5'000);
  w.renew(with_history());
  w.tell_hubs(); // in place
  CHECK(w.total(&loop_counters::channels) == 5'000);
  w.renew({});
  w.tell_hubs(); // all end
  CHECK(w.total(&loop_counters::channels) == 0);
}

TEST_CASE("renewed namespace: patterns come and go", "[actors][centrifuge][channel]") {
  channel_options wild;
  wild.allow_wildcards = true;
  world w({.channels = wild, .hosts = 2});
  const auto a = w.subscribed("a", "news.*");
  w.publish("news.1", "1");
  CHECK(a->seen == strings{"answer", "plain:1 in news.1"});
  auto other = wild;
  other.exclude_publisher = true;
  w.renew(other);
  w.tell_hubs();
  w.publish("news.1", "2");
  CHECK(a->seen.back() == "plain:2 in news.1");
  w.renew({});
  w.tell_hubs();
  CHECK(why(a) == unsubscribe_code::insufficient_state);
  w.publish("news.1", "3");
  CHECK(a->seen.back() == "lost");
  w.renew(wild);
  w.subscribe(a, "news.*");
  w.publish("news.1", "4");
  CHECK(a->seen.back() == "plain:4 in news.1");
}
