// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/events/retry_schedule.hpp>

#include "support/catch.hpp"

#include <set>

using troupe::net::events::retry_schedule;
using namespace std::chrono_literals;

TEST_CASE("retry schedule: pauses double up to the bound and begin again after a success", "[net][events][retry]") {
  retry_schedule retries{500ms, 10s, 1};
  for (const auto full : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 10000ms, 10000ms}) {
    const auto pause = retries.fail();
    CAPTURE(full.count(), pause.count());
    CHECK(pause >= full / 2);
    CHECK(pause <= full);
  }
  retries.succeed();
  CHECK(retries.failures() == 0);
  CHECK(retries.fail() <= 500ms);
}

TEST_CASE("retry schedule: servers that failed together come back apart", "[net][events][retry]") {
  std::set<std::chrono::milliseconds> pauses;
  for (std::uint64_t seed = 0; seed < 100; ++seed) pauses.insert(retry_schedule{10s, 60s, seed}.fail());
  CHECK(pauses.size() > 90);
}

TEST_CASE("retry schedule: it fails for ever without overflowing", "[net][events][retry]") {
  retry_schedule retries{500ms, 60s, 1};
  for (int i = 0; i < 10'000; ++i) CHECK(retries.fail() <= 60s);
}
