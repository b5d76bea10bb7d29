// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/connection_profile.hpp>
#include <troupe/tracing/trace.hpp>

#include <caf/make_counted.hpp>

#include <string>
#include <thread>
#include <vector>

using namespace troupe;
using namespace troupe::tracing;
using subject = trace_options::subject;
using inspection::actor_kind;

namespace {

connection_profile_ptr profile(std::string user) {
  return caf::make_counted<connection_profile>(connection_handle{}, client_id::random(), std::move(user),
                                               std::vector<std::string>{}, std::vector<std::string>{},
                                               connection_origin{}, std::chrono::system_clock::time_point{});
}

sighting of(const connection_profile_ptr& who, std::string_view payload = "hello",
            direction to = direction::in) {
  return {.to = to, .actor = 7, .kind = actor_kind::connection, .who = who.get(), .what = "message",
          .payload = payload};
}

std::vector<event> taken(trace& from) {
  std::vector<event> all;
  from.take(1000, [&](const event& e) { all.push_back(e); });
  return all;
}

std::string payload_of(const event& e) { return {e.payload.data(), e.shown}; }

} // namespace

TEST_CASE("trace: a user's messages are kept, others' are not", "[actors][tracing]") {
  const auto alice = profile("alice"), bob = profile("bob");
  trace t{{.of = subject::user, .name = "alice"}, 1};
  t.see(0, of(bob));
  t.see(0, of(alice, "four"));
  const auto seen = taken(t);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].connection == alice->id);
  CHECK(seen[0].bytes == 4);
  CHECK(std::string{seen[0].what} == "message");
}

TEST_CASE("trace: payloads are left out unless they are asked for, and cut", "[actors][tracing]") {
  const auto who = profile("alice");
  trace redacted{{.of = subject::connection, .connection = who->id}, 1};
  trace open{{.of = subject::connection, .connection = who->id, .payload = true}, 1};
  for (auto* t : {&redacted, &open}) {
    t->see(0, of(who, "secret"));
    t->see(0, of(who, std::string(1000, 'x')));
  }
  CHECK(payload_of(taken(redacted).at(0)).empty());
  const auto seen = taken(open);
  CHECK(payload_of(seen.at(0)) == "secret");
  CHECK(payload_of(seen.at(1)) == std::string(event::max_shown, 'x'));
  CHECK(seen.at(1).bytes == 1000);
}

TEST_CASE("trace: direction and match choose", "[actors][tracing]") {
  const auto who = profile("alice");
  trace t{{.of = subject::connection, .connection = who->id, .only = direction::out, .match = "ell"}, 1};
  t.see(0, of(who, "hello", direction::in));
  t.see(0, of(who, "good day", direction::out));
  t.see(0, of(who, "hello", direction::out));
  CHECK(taken(t).size() == 1);
}

TEST_CASE("trace: a channel is known by its name and an actor by its number", "[actors][tracing]") {
  const auto title = caf::make_counted<meters::actor_title>("news");
  const sighting at{.actor = 9, .kind = actor_kind::channel, .who = title.get(), .message = &typeid(int)};
  trace channel{{.of = subject::channel, .name = "news"}, 1};
  trace other{{.of = subject::channel, .name = "chat"}, 1};
  trace actor{{.of = subject::actor, .actor = 9}, 1};
  for (auto* t : {&channel, &other, &actor}) t->see(0, at);
  CHECK(taken(channel).size() == 1);
  CHECK(taken(other).empty());
  CHECK(taken(actor).at(0).message == &typeid(int));
}

TEST_CASE("trace: a connection's shows what goes in and out, not what its actor handles", "[actors][tracing]") {
  const auto who = profile("alice");
  auto handled = of(who);
  handled.message = &typeid(int);
  trace t{{.of = subject::connection, .connection = who->id}, 1};
  t.see(0, handled);
  CHECK(taken(t).empty());
}

TEST_CASE("trace: ends by itself after as many events as were asked for", "[actors][tracing]") {
  trace t{{.of = subject::actor, .actor = 1, .max_events = 3}, 2};
  CHECK(t.ended() == trace_end::none);
  for (int i = 0; i < 2; ++i) t.see(0, {.actor = 1});
  CHECK(t.ended() == trace_end::none);
  t.see(1, {.actor = 1});
  CHECK(t.ended() == trace_end::enough);
  t.see(0, {.actor = 1});
  CHECK(taken(t).size() == 3);
}

TEST_CASE("trace: ends by itself when events come faster than was allowed", "[actors][tracing]") {
  trace t{{.of = subject::actor, .actor = 1, .max_per_second = 10}, 1};
  for (int i = 0; i < 30; ++i) t.see(0, {.actor = 1}); // a second may end meanwhile, not two
  CHECK(t.ended() == trace_end::too_fast);
  CHECK(taken(t).size() <= 20);
}

TEST_CASE("trace: ends by itself when its time is over, whoever reads it", "[actors][tracing]") {
  trace t{{.of = subject::actor, .actor = 1, .until = std::chrono::steady_clock::now()}, 1};
  t.see(0, {.actor = 1});
  CHECK(t.ended() == trace_end::time_over);
  CHECK(taken(t).empty());
}

TEST_CASE("trace: what its reader is too slow for is dropped and counted", "[actors][tracing]") {
  trace t{{.of = subject::actor, .actor = 1, .max_events = 1'000'000}, 1};
  const auto more = event_ring::capacity + 50;
  for (std::size_t i = 0; i < more; ++i) t.see(0, {.actor = 1});
  CHECK(t.dropped() == 50);
  CHECK(taken(t).size() == event_ring::capacity);
  t.see(0, {.actor = 1});
  CHECK(taken(t).size() == 1);
  t.stop(trace_end::stopped);
  t.see(0, {.actor = 1});
  CHECK(taken(t).empty());
}

TEST_CASE("trace: loops write while its reader reads, and nothing is torn or lost", "[actors][tracing]") {
  constexpr std::size_t each = 20'000;
  trace t{{.of = subject::actor, .actor = 1, .payload = true, .max_events = 10 * each}, 2};
  std::vector<std::thread> loops;
  for (std::size_t loop = 0; loop < 2; ++loop)
    loops.emplace_back([&t, loop] {
      const std::string payload(100, static_cast<char>('a' + loop));
      for (std::size_t i = 0; i < each; ++i) t.see(loop, {.actor = 1, .payload = payload});
    });
  std::size_t seen = 0, torn = 0;
  const auto look = [&](const event& e) {
    ++seen;
    torn += payload_of(e) != std::string(100, e.payload[0]) ? 1 : 0;
  };
  for (int i = 0; i < 1000; ++i) t.take(50, look);
  for (auto& loop : loops) loop.join();
  t.take(1000, look);
  CHECK(torn == 0);
  CHECK(seen + t.dropped() == 2 * each);
}
