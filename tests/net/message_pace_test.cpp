// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/message_pace.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using troupe::net::message_pace;

namespace {

const message_pace::clock::time_point start{1000s};

} // namespace

TEST_CASE("message pace: without a limit nobody waits", "[net][message_pace]") {
  message_pace pace;
  for (int i = 0; i < 1000; ++i) pace.take(start, {0, 1});
  CHECK(pace.wait(start, {0, 1}) == 0s);
}

TEST_CASE("message pace: a burst passes at once, the message after it waits", "[net][message_pace]") {
  const message_pace::limits allowed{10, 5};
  message_pace pace;
  for (int i = 0; i < 5; ++i) {
    CHECK(pace.wait(start, allowed) == 0s);
    pace.take(start, allowed);
  }
  CHECK(pace.wait(start, allowed) == 100ms);
  CHECK(pace.wait(start + 99ms, allowed) == 1ms);
  CHECK(pace.wait(start + 100ms, allowed) == 0s);
}

TEST_CASE("message pace: afterwards messages pass at the rate", "[net][message_pace]") {
  const message_pace::limits allowed{50, 100};
  message_pace pace;
  int passed = 0;
  for (auto now = start; now < start + 10s; now += 1ms)
    while (pace.wait(now, allowed) == 0s) {
      pace.take(now, allowed);
      ++passed;
    }
  CHECK(passed >= 100 + 499);
  CHECK(passed <= 100 + 501);
}

TEST_CASE("message pace: silence saves up a burst and no more", "[net][message_pace]") {
  const message_pace::limits allowed{10, 3};
  message_pace pace;
  const auto later = start + 1h;
  for (int i = 0; i < 3; ++i) pace.take(later, allowed);
  CHECK(pace.wait(later, allowed) == 100ms);
}
