// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/fetch_schedule.hpp>

#include "support/catch.hpp"

using namespace troupe::net::auth;
using namespace std::chrono_literals;

namespace {

constexpr fetch_schedule::time_point start{1000s};

} // namespace

TEST_CASE("fetch schedule: keys are fetched once, then every hour", "[net][auth][jwks]") {
  fetch_schedule schedule;
  CHECK(schedule.is_due(start));
  CHECK(schedule.may_fetch(start));
  schedule.begin();
  CHECK_FALSE(schedule.may_fetch(start));
  schedule.succeed(start);
  CHECK_FALSE(schedule.is_due(start + 59min));
  CHECK(schedule.is_due(start + 60min));
}

TEST_CASE("fetch schedule: names of unknown keys are asked about seldom", "[net][auth][jwks]") {
  fetch_schedule schedule;
  schedule.begin();
  schedule.succeed(start);
  CHECK_FALSE(schedule.may_fetch(start + 9s));
  CHECK(schedule.may_fetch(start + 10s));
}

TEST_CASE("fetch schedule: an endpoint that is down is asked ever more seldom", "[net][auth][jwks]") {
  fetch_schedule schedule;
  auto now = start;
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    REQUIRE(schedule.may_fetch(now));
    schedule.begin();
    schedule.fail(now);
    CHECK(schedule.has_failed());
    CHECK_FALSE(schedule.may_fetch(now + pause - 1ms));
    now += pause;
  }
  schedule.begin();
  schedule.succeed(now);
  CHECK_FALSE(schedule.has_failed());
}

TEST_CASE("fetch schedule: keys that cannot be renewed are kept for half a day", "[net][auth][jwks]") {
  fetch_schedule schedule;
  CHECK(schedule.is_outdated(start));
  schedule.begin();
  schedule.succeed(start);
  schedule.begin();
  schedule.fail(start + 1h);
  CHECK_FALSE(schedule.is_outdated(start + 12h - 1ms));
  CHECK(schedule.is_outdated(start + 12h));
}
