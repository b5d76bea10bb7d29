// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/heartbeat.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using troupe::heartbeat;
using troupe::heartbeat_settings;
using verdict = troupe::heartbeat::verdict;

namespace {

constexpr heartbeat::time_point start{1h};
constexpr heartbeat_settings usual{.ping_interval = 20s, .pong_timeout = 8s, .idle_timeout = 0ms};

// A heartbeat whose first ping, due after half an interval, was just sent.
heartbeat pinged(const heartbeat_settings& settings) {
  heartbeat h{settings, start, 0};
  REQUIRE(h.check(settings, start + settings.ping_interval / 2) == verdict::ping);
  return h;
}
constexpr auto ping_time = start + 10s;

} // namespace

TEST_CASE("heartbeat: the first ping falls in the second half of an interval, by the spread",
          "[actors][heartbeat]") {
  const auto [spread, after] = GENERATE(table<double, std::chrono::milliseconds>(
    {{0.0, 10s}, {0.25, 12500ms}, {0.5, 15s}, {0.875, 18750ms}}));
  heartbeat h{usual, start, spread};
  CHECK(h.next(usual) == start + after);
  CHECK(h.check(usual, start + after - 1ns) == verdict::wait);
  CHECK(h.check(usual, start + after) == verdict::ping);
}

TEST_CASE("heartbeat: pings that are due at about the same time leave together", "[actors][heartbeat]") {
  const auto when = [&](std::chrono::nanoseconds due) {
    return *heartbeat{usual, start + due - usual.ping_interval / 2, 0}.next(usual);
  };
  CHECK(when(0ms) == start);
  CHECK(when(1ns) == start + 156'250us);
  CHECK(when(100ms) == start + 156'250us);
  CHECK(when(156'250us) == start + 156'250us);
}

TEST_CASE("heartbeat: gathering pings does not stretch the interval", "[actors][heartbeat]") {
  const auto interval = GENERATE(20'000ms, 777ms, 86'400'000ms);
  const heartbeat_settings settings{.ping_interval = interval, .pong_timeout = 50ms};
  heartbeat h{settings, start + 12'345ns, 0.3};
  const auto first = *h.next(settings);
  for (int i = 0; i < 100; ++i) {
    const auto now = *h.next(settings);
    REQUIRE(now == first + i * interval);
    REQUIRE(h.check(settings, now) == verdict::ping);
    h.pong(now + 1ms);
  }
}

TEST_CASE("heartbeat: after a pong the next ping comes an interval after the last",
          "[actors][heartbeat]") {
  auto h = pinged(usual);
  CHECK(h.pong(ping_time + 30ms) == 30ms);
  CHECK(h.next(usual) == ping_time + 20s);
  CHECK(h.check(usual, ping_time + 20s - 1ns) == verdict::wait);
  CHECK(h.check(usual, ping_time + 20s) == verdict::ping);
}

TEST_CASE("heartbeat: a ping without a pong ends at the deadline, not before",
          "[actors][heartbeat]") {
  auto h = pinged(usual);
  CHECK(h.next(usual) == ping_time + 8s);
  CHECK(h.check(usual, ping_time + 8s - 1ns) == verdict::wait);
  CHECK(h.check(usual, ping_time + 8s) == verdict::no_pong);
}

TEST_CASE("heartbeat: any message is a sign of life", "[actors][heartbeat]") {
  auto h = pinged(usual);
  h.message(ping_time + 7s);
  CHECK(h.check(usual, ping_time + 8s) == verdict::wait);
  CHECK(h.next(usual) == ping_time + 20s);
}

TEST_CASE("heartbeat: a pong nobody asked for has no round-trip time", "[actors][heartbeat]") {
  heartbeat h{usual, start, 0};
  CHECK_FALSE(h.pong(start + 1s));
  CHECK(h.next(usual) == start + 10s);
}

TEST_CASE("heartbeat: a pong counts once", "[actors][heartbeat]") {
  auto h = pinged(usual);
  CHECK(h.pong(ping_time + 1ms));
  CHECK_FALSE(h.pong(ping_time + 2ms));
}

TEST_CASE("heartbeat: a client that answers every ping is pinged for ever", "[actors][heartbeat]") {
  heartbeat h{usual, start, 0};
  int pings = 0;
  for (int i = 0; i < 100; ++i) {
    const auto now = *h.next(usual);
    REQUIRE(h.check(usual, now) == verdict::ping);
    ++pings;
    h.pong(now + 7s);
  }
  CHECK(pings == 100);
  CHECK(h.next(usual) == start + 10s + 100 * 20s);
}

TEST_CASE("heartbeat: an idle connection is given up, whatever it pongs", "[actors][heartbeat]") {
  auto settings = usual;
  settings.idle_timeout = 15s;
  auto h = pinged(settings);
  h.pong(ping_time + 1s);
  CHECK(h.next(settings) == start + 15s);
  CHECK(h.check(settings, start + 15s - 1ns) == verdict::wait);
  CHECK(h.check(settings, start + 15s) == verdict::idle);
}

TEST_CASE("heartbeat: a message puts the idle deadline off", "[actors][heartbeat]") {
  const heartbeat_settings settings{.ping_interval = 0ms, .pong_timeout = 8s, .idle_timeout = 15s};
  heartbeat h{settings, start, 0};
  h.message(start + 14s);
  CHECK(h.check(settings, start + 15s) == verdict::wait);
  CHECK(h.next(settings) == start + 29s);
  CHECK(h.check(settings, start + 29s) == verdict::idle);
}

TEST_CASE("heartbeat: next is the soonest of ping, pong and idle", "[actors][heartbeat]") {
  auto settings = usual;
  settings.idle_timeout = 60s;
  auto h = pinged(settings);
  CHECK(h.next(settings) == ping_time + 8s);
  h.pong(ping_time);
  CHECK(h.next(settings) == ping_time + 20s);
  settings.idle_timeout = 12s;
  CHECK(h.next(settings) == start + 12s);
}

TEST_CASE("heartbeat: with everything off there is nothing to do, ever", "[actors][heartbeat]") {
  const heartbeat_settings off{.ping_interval = 0ms, .pong_timeout = 0ms, .idle_timeout = 0ms};
  heartbeat h{off, start, 0.5};
  CHECK_FALSE(h.next(off));
  CHECK(h.check(off, start + 1000h) == verdict::wait);
}

TEST_CASE("heartbeat: without a pong timeout it keeps on pinging", "[actors][heartbeat]") {
  auto settings = usual;
  settings.pong_timeout = 0ms;
  auto h = pinged(settings);
  CHECK(h.next(settings) == ping_time + 20s);
  CHECK(h.check(settings, ping_time + 20s) == verdict::ping);
  CHECK(h.check(settings, ping_time + 40s) == verdict::ping);
}
