// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/pacer.hpp"

#include "support/catch.hpp"

using troupe::app::bench::pacer;

TEST_CASE("a closed loop keeps its window full until the time is over", "[app][bench][pacer]") {
  const pacer closed{{.start = 100, .duration = 50, .window = 2}};
  CHECK(closed.next(100, 0) == 100u);
  CHECK(closed.next(120, 1) == 120u);
  CHECK_FALSE(closed.next(120, 2));
  CHECK(closed.wake_time(120, 2) == 150);
  CHECK_FALSE(closed.is_finished(149));
  CHECK(closed.is_finished(150));
  CHECK_FALSE(closed.next(150, 0));
  CHECK(closed.unsent() == 0);
}

TEST_CASE("a closed loop with a count ends with the last message", "[app][bench][pacer]") {
  pacer counted{{.start = 0, .duration = 1, .count = 2, .window = 1}};
  CHECK(counted.next(1'000, 0) == 1'000u);
  counted.sent();
  CHECK(counted.unsent() == 1);
  counted.sent();
  CHECK(counted.is_finished(0));
  CHECK_FALSE(counted.next(2'000, 0));
}

TEST_CASE("an open loop stamps messages with the time they were due", "[app][bench][pacer]") {
  pacer open{{.start = 1'000, .duration = 100, .interval = 10}};
  CHECK(open.next(1'000, 0) == 1'000u);
  open.sent();
  CHECK_FALSE(open.next(1'009, 1));
  CHECK(open.wake_time(1'009, 1) == 1'010);

  // The generator was held up for 75 ns: it catches up, and the delay is in the stamps.
  for (std::uint64_t due = 1'010; due <= 1'080; due += 10) {
    CHECK(open.next(1'085, 50) == due);
    open.sent();
  }
  CHECK_FALSE(open.next(1'085, 50));
  CHECK(open.unsent() == 1);
  CHECK_FALSE(open.is_finished(5'000));
  CHECK(open.next(5'000, 50) == 1'090u);
  open.sent();
  CHECK(open.is_finished(5'000));
  CHECK(open.unsent() == 0);
}

TEST_CASE("an open loop waits when too much is in flight", "[app][bench][pacer]") {
  const pacer open{{.start = 0, .duration = 1'000, .interval = 10}};
  const auto limit = troupe::app::bench::max_in_flight;
  CHECK(open.next(500, limit - 1) == 0u);
  CHECK_FALSE(open.next(500, limit));
  CHECK(open.wake_time(500, limit) == pacer::never);
}

TEST_CASE("an open loop slower than its duration still sends once", "[app][bench][pacer]") {
  const pacer open{{.start = 0, .duration = 10, .interval = 1'000}};
  CHECK(open.unsent() == 1);
  CHECK(open.next(0, 0) == 0u);
}
