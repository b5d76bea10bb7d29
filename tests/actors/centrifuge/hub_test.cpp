// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "channel_world.hpp"

#include <troupe/inspect/observatory.hpp>

#include <set>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;
using namespace std::chrono_literals;

TEST_CASE("hub: a channel is spawned by its first request and counted", "[actors][centrifuge][hub]") {
  world w;
  CHECK(w.total(&loop_counters::channels) == 0);
  w.publish("a", "1");
  w.publish("a", "2");
  w.publish("b", "1");
  CHECK(w.total(&loop_counters::channels) == 2);
  CHECK(w.total(&loop_counters::publications) == 3);
}

TEST_CASE("hub: to unsubscribe from a channel that is not there spawns none",
          "[actors][centrifuge][hub]") {
  world w;
  const auto a = w.comes("a");
  w.unsubscribe(a, "c");
  CHECK(w.total(&loop_counters::channels) == 0);
}

TEST_CASE("hub: a channel of an unknown namespace is refused", "[actors][centrifuge][hub]") {
  world w;
  const auto a = w.comes("a");
  w.subscribe(a, "nowhere:c");
  CHECK(a.error() == error_code::unknown_channel);
  CHECK(w.publish("nowhere:c", "1") == publish_answer{error_code::unknown_channel});
  CHECK(w.total(&loop_counters::channels) == 0);
}

TEST_CASE("hub: channels beyond its bound are refused and counted, until others have gone",
          "[actors][centrifuge][hub]") {
  world w({.settings = {.max_channels = 2, .idle = 5s}});
  w.publish("a", "1");
  w.publish("b", "1");
  CHECK(w.publish("c", "1") == publish_answer{error_code::limit_exceeded});
  CHECK(std::holds_alternative<stream_position>(w.publish("a", "1")));
  CHECK(w.total(&loop_counters::channels_refused) == 1);
  w.advance(6s);
  CHECK(std::holds_alternative<stream_position>(w.publish("c", "1")));
}

TEST_CASE("hub: every channel has one hub, and all hubs have channels",
          "[actors][centrifuge][hub]") {
  world w({.hosts = 4});
  std::set<caf::actor_id> used;
  for (int i = 0; i < 200; ++i) {
    const auto name = "channel" + std::to_string(i);
    CHECK(hub_of(name, w.hubs) == w.of(name));
    used.insert(w.of(name).id());
    w.publish(name, "1");
  }
  CHECK(used.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(w.host(i).counters().channels.value() > 20);
}

// -- idle channels ---------------------------------------------------------------------------------

TEST_CASE("hub: a channel that nobody uses goes", "[actors][centrifuge][hub]") {
  world w({.settings = {.idle = 5s}});
  const auto actors = w.running();
  const auto a = w.subscribed("a", "c");
  w.advance(60s);
  CHECK(w.total(&loop_counters::channels) == 1); // it has a subscriber
  w.unsubscribe(a, "c");
  w.advance(4s);
  w.publish("c", "1");
  w.advance(4s);
  CHECK(w.total(&loop_counters::channels) == 1); // it was used
  w.advance(2s);
  CHECK(w.total(&loop_counters::channels) == 0);
  CHECK(w.running() == actors + 1); // the client
  CHECK(w.total(&loop_counters::channels_failed) == 0);
  CHECK(w.log.events().empty());
}

TEST_CASE("hub: a channel goes after its last client was killed", "[actors][centrifuge][hub]") {
  world w({.settings = {.idle = 5s}});
  const auto a = w.subscribed("a", "c");
  caf::anon_send_exit(a.who, caf::exit_reason::kill);
  w.advance(6s);
  CHECK(w.total(&loop_counters::channels) == 0);
}

TEST_CASE("hub: a channel with a stream stays until the stream is forgotten",
          "[actors][centrifuge][hub]") {
  auto options = with_history();
  options.history_meta_ttl = 100s;
  world w({.channels = options, .settings = {.idle = 5s}});
  w.publish("c", "1");
  const auto first = w.position("c");
  w.advance(90s); // the publications are gone, not the position
  CHECK(w.position("c") == first);
  w.advance(90s);
  CHECK(w.total(&loop_counters::channels) == 1);
  w.advance(20s);
  CHECK(w.total(&loop_counters::channels) == 0);
  CHECK(w.position("c").epoch != first.epoch);
  CHECK(w.position("c").offset == 0);
}

TEST_CASE("hub: a channel whose stream was never used does not stay for it",
          "[actors][centrifuge][hub]") {
  world w({.channels = with_history(), .settings = {.idle = 5s}});
  const auto a = w.subscribed("a", "c");
  w.unsubscribe(a, "c");
  w.advance(6s);
  CHECK(w.total(&loop_counters::channels) == 0);
}

TEST_CASE("hub: nothing is lost on a channel that is about to go", "[actors][centrifuge][hub]") {
  // The requests are put in at every point of the hand-over: after so many turns of its actors.
  struct intruder {
    world* w;
    fan who;
    int turns;
    int fired = 0;

    static void fire(void* self) { static_cast<intruder*>(self)->act(); }
    void act() {
      if (++fired != 2) return;
      for (int i = 0; i < turns; ++i) w->host().run_one();
      w->asks_to_subscribe(who, "c");
      w->sends("c", "2");
    }
  };
  const auto turns = GENERATE(range(0, 5));
  CAPTURE(turns);
  world w({.settings = {.idle = 5s}});
  intruder in{&w, w.comes("a"), turns};
  // Timers of one tick fire in an order of their own: the channel's is between these two or before.
  timer first(intruder::fire, &in), second(intruder::fire, &in);
  const auto due = w.host().now() + 5s;
  w.host().timers().arm(first, due);
  w.publish("c", "1");
  w.host().timers().arm(second, due);
  w.advance(5100ms);
  REQUIRE(in.fired == 2);
  CHECK(in.who->seen == strings{"answer", "plain:2"});
  CHECK(w.total(&loop_counters::channels) == 1);
  w.publish("c", "3");
  w.advance(20s);
  w.publish("c", "4");
  CHECK(in.who->seen == strings{"answer", "plain:2", "plain:3", "plain:4"});
}

// -- failures --------------------------------------------------------------------------------------

TEST_CASE("hub: subscribers of a channel that failed are told once, on every shard",
          "[actors][centrifuge][hub]") {
  world w({.channels = with_history(), .hosts = 3});
  std::vector<fan> all;
  for (std::size_t i = 0; i < 6; ++i)
    all.push_back(w.subscribed("m" + std::to_string(i), "c", recoverable, {}, i % 3));
  const auto other = w.subscribed("o", "other");
  const auto before = w.position("c");
  w.publish("c", "1");
  CHECK(w.publish("c", "crash") == publish_answer{error_code::internal});
  for (const auto& one : all) CHECK(one->seen == strings{"answer", "plain:1", "lost"});
  CHECK(other->seen == strings{"answer"});
  CHECK(w.total(&loop_counters::channels_failed) == 1);
  CHECK(w.total(&loop_counters::channels) == 1);
  REQUIRE(w.log.named("channel_failed").size() == 1);
  CHECK(w.log.named("channel_failed")[0].fields.at("channel") == "c");
  CHECK(w.log.named("channel_failed")[0].fields.at("reason").find("told to crash") !=
        std::string::npos);

  // Those who subscribe anew find a new stream; the others hear no more of the channel.
  auto how = recoverable;
  how.recover = stream_position{1, before.epoch};
  w.subscribe(all[0], "c", how);
  CHECK_FALSE(all[0].result().recovered);
  CHECK(all[0].result().position.epoch != before.epoch);
  w.publish("c", "2");
  CHECK(all[0]->seen == strings{"answer", "plain:1", "lost", "answer", "plain:2"});
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i]->events.size() == 2);
}

TEST_CASE("hub: a channel that an operator kills is replaced, and nobody else can be killed through it",
          "[actors][centrifuge][hub]") {
  world w;
  const auto a = w.subscribed("a", "c");
  std::uint64_t channel = 0;
  inspection::observatory{{w.host().figures()}, [&w] { return w.host().real_now(); }}.visit(
    inspection::actor_kind::channel, [&](const inspection::row& r) { channel = r.id; });
  CHECK_FALSE(w.host().supervision().kill(w.hubs.at(0).id()));
  CHECK(w.host().supervision().kill(channel));
  w.run();
  CHECK(w.total(&loop_counters::channels_failed) == 1);
  CHECK_FALSE(w.host().supervision().kill(channel));
}

TEST_CASE("hub: who subscribes anew while others are still being told stays subscribed",
          "[actors][centrifuge][hub]") {
  world w({.hosts = 2, .slice = 1});
  std::string name = "c0";
  while (&w.of(name) != &w.hubs[0]) name += '0';
  std::vector<fan> all;
  for (const auto* id : {"1", "2", "3", "4"}) all.push_back(w.subscribed(id, name, {}, {}, 1));
  w.sends(name, "crash");
  w.host(0).run();
  while (all[0]->seen.back() != "lost") REQUIRE(w.host(1).run_one());
  w.asks_to_subscribe(all[0], name);
  w.host(0).run();
  REQUIRE(all[3]->seen.back() == "answer"); // not told yet
  w.run();
  w.publish(name, "1");
  CHECK(all[0]->seen == strings{"answer", "lost", "answer", "plain:1"});
  CHECK(all[3]->seen == strings{"answer", "lost"});
}

TEST_CASE("hub: numbers of events rise over a channel's failure", "[actors][centrifuge][hub]") {
  world w;
  const auto a = w.subscribed("a", "c");
  for (int round = 0; round < 3; ++round) {
    w.publish("c", "1");
    w.sends("c", "crash");
    w.run();
    w.subscribe(a, "c");
  }
  std::uint64_t last = 0;
  for (const auto& e : a->events) {
    CHECK(e->sequence > last);
    last = e->sequence;
  }
  CHECK(a->events.size() == 6);
  CHECK(a->since > last - 1);
}

TEST_CASE("hub: a publisher that waits when the channel fails gets an answer",
          "[actors][centrifuge][hub]") {
  world w({.hosts = 2});
  std::string name = "c0";
  while (&w.of(name) != &w.hubs[0]) name += '0';
  const auto a = w.subscribed("a", name, {}, {}, 1);
  caf::scoped_actor publisher{w.system()};
  publisher->send(w.hubs[0], world::text(name, "1"));
  w.host(0).run();
  w.sends(name, "crash");
  w.run();
  REQUIRE(publisher->has_next_message());
  publisher->receive([](const publish_answered& m) {
    CHECK(std::get<error_code>(m.value) == error_code::internal);
  });
  CHECK(a->seen == strings{"answer", "plain:1", "lost"});
}

TEST_CASE("hub: a publication with a shard that is gone is answered all the same",
          "[actors][centrifuge][hub]") {
  world w({.hosts = 2});
  const auto a = w.subscribed("a", "c"), b = w.subscribed("b", "c", {}, {}, 1);
  caf::anon_send_exit(w.shards[1], caf::exit_reason::kill);
  w.run();
  CHECK(std::holds_alternative<stream_position>(w.publish("c", "1")));
  CHECK(a->seen == strings{"answer", "plain:1"});
  CHECK(b->seen == strings{"answer"});
}

TEST_CASE("hub: its channels end with it", "[actors][centrifuge][hub]") {
  world w;
  const auto actors = w.running();
  w.publish("a", "1");
  w.publish("b", "1");
  CHECK(w.running() == actors + 2);
  caf::anon_send_exit(w.hubs[0], caf::exit_reason::user_shutdown);
  w.run();
  CHECK(w.running() == actors - 1);
  CHECK(w.total(&loop_counters::channels_failed) == 0);
}
