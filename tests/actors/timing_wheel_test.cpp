// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/timing_wheel.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <vector>

using namespace std::chrono_literals;
using troupe::timer;
using troupe::timing_wheel;
using time_point = timing_wheel::clock::time_point;

namespace {

constexpr time_point start{5h};
constexpr auto tick = timing_wheel::tick;

// A timer that counts, and does what the test wants when it fires.
struct test_timer {
  int fired = 0;
  std::function<void()> then;
  timer t{[](void* self) {
            auto& a = *static_cast<test_timer*>(self);
            ++a.fired;
            if (const auto what = a.then) what(); // a copy: it may destroy the test_timer
          }, this};
};

} // namespace

TEST_CASE("timing_wheel: a timer fires at most one tick late and never early",
          "[actors][timing_wheel]") {
  const auto delay = GENERATE(1ns, 31ms, 32ms, 33ms, 1s, 65'535ms, 65'536ms, 65'537ms, 200s, 24h);
  timing_wheel wheel{start};
  test_timer a;
  wheel.arm(a.t, start + delay);
  CHECK(a.t.armed());
  wheel.advance(start + delay - 1ns);
  CHECK(a.fired == 0);
  wheel.advance(start + delay + tick);
  CHECK(a.fired == 1);
  CHECK_FALSE(a.t.armed());
  CHECK(wheel.armed() == 0);
  wheel.advance(start + delay + 100h);
  CHECK(a.fired == 1);
}

TEST_CASE("timing_wheel: a deadline that has passed fires at the next tick", "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  wheel.advance(start + 10s);
  test_timer past, before_start;
  wheel.arm(past.t, start + 5s);
  wheel.arm(before_start.t, start - 5h);
  wheel.advance(start + 10s);
  CHECK(past.fired == 0);
  wheel.advance(start + 10s + tick);
  CHECK(past.fired == 1);
  CHECK(before_start.fired == 1);
}

TEST_CASE("timing_wheel: next is nothing while no timer is armed", "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  CHECK_FALSE(wheel.next());
  test_timer a;
  wheel.arm(a.t, start + 1s);
  CHECK(wheel.next());
  a.t.cancel();
  CHECK_FALSE(wheel.next());
  wheel.arm(a.t, start + 1s);
  wheel.advance(start + 2s);
  CHECK_FALSE(wheel.next());
}

TEST_CASE("timing_wheel: a loop that sleeps until next fires on time, even beyond a rotation",
          "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  test_timer near, far;
  wheel.arm(near.t, start + 3s);
  wheel.arm(far.t, start + 500s);
  auto now = start;
  int wakes = 0;
  std::optional<time_point> near_at, far_at;
  while (const auto next = wheel.next()) {
    REQUIRE(*next > now);
    now = *next;
    wheel.advance(now);
    if (near.fired && !near_at) near_at = now;
    if (far.fired && !far_at) far_at = now;
    REQUIRE(++wakes < 20);
  }
  REQUIRE((near_at && far_at));
  CHECK(*near_at >= start + 3s);
  CHECK(*near_at <= start + 3s + tick);
  CHECK(*far_at >= start + 500s);
  CHECK(*far_at <= start + 500s + tick);
}

TEST_CASE("timing_wheel: moving a timer forgets the former deadline", "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  test_timer a;
  wheel.arm(a.t, start + 1s);
  wheel.arm(a.t, start + 3s);
  CHECK(wheel.armed() == 1);
  wheel.advance(start + 2s);
  CHECK(a.fired == 0);
  wheel.arm(a.t, start + 2500ms);
  wheel.advance(start + 2600ms);
  CHECK(a.fired == 1);
}

TEST_CASE("timing_wheel: a cancelled timer and a destroyed one do not fire", "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  test_timer a, neighbour;
  wheel.arm(neighbour.t, start + 1s);
  wheel.arm(a.t, start + 1s);
  a.t.cancel();
  a.t.cancel();
  {
    test_timer gone;
    wheel.arm(gone.t, start + 1s);
    CHECK(wheel.armed() == 2);
  }
  CHECK(wheel.armed() == 1);
  wheel.advance(start + 2s);
  CHECK(a.fired == 0);
  CHECK(neighbour.fired == 1);
}

TEST_CASE("timing_wheel: timers fire in the order of their ticks", "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  std::vector<int> order;
  std::vector<std::unique_ptr<test_timer>> alarms;
  for (const auto n : {5, 1, 4, 2, 3}) {
    alarms.push_back(std::make_unique<test_timer>());
    alarms.back()->then = [&order, n] { order.push_back(n); };
    wheel.arm(alarms.back()->t, start + n * 1s);
  }
  wheel.advance(start + 10s);
  CHECK(order == std::vector{1, 2, 3, 4, 5});
}

TEST_CASE("timing_wheel: a callback may arm its timer again", "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  test_timer a;
  auto now = start;
  a.then = [&] { wheel.arm(a.t, now + 1s); };
  wheel.arm(a.t, start + 1s);
  for (; now < start + 10s + tick * 10; now += tick) wheel.advance(now);
  CHECK(a.fired >= 9);
  CHECK(a.fired <= 10);
  CHECK(wheel.armed() == 1);
}

TEST_CASE("timing_wheel: what a callback arms for now fires at the next advance, not in this one",
          "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  test_timer a, b;
  a.then = [&] { wheel.arm(b.t, start); };
  wheel.arm(a.t, start + 1s);
  wheel.advance(start + 2s);
  CHECK(a.fired == 1);
  CHECK(b.fired == 0);
  REQUIRE(wheel.next());
  wheel.advance(*wheel.next());
  CHECK(b.fired == 1);
}

TEST_CASE("timing_wheel: a callback may cancel, move and destroy those due with it",
          "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  // Whichever fires first deals with the three others.
  auto alarms = std::vector<std::unique_ptr<test_timer>>(4);
  int total = 0;
  for (auto& a : alarms) {
    a = std::make_unique<test_timer>();
    a->then = [&, mine = a.get()] {
      ++total;
      std::vector<std::unique_ptr<test_timer>*> others;
      for (auto& other : alarms)
        if (other.get() != mine) others.push_back(&other);
      others[0]->get()->t.cancel();
      wheel.arm(others[1]->get()->t, start + 5s);
      others[1]->get()->then = nullptr;
      others[2]->reset();
    };
    wheel.arm(a->t, start + 1s);
  }
  wheel.advance(start + 2s);
  CHECK(total == 1);
  CHECK(wheel.armed() == 1);
  wheel.advance(start + 6s);
  CHECK(wheel.armed() == 0);
}

TEST_CASE("timing_wheel: a callback may destroy its own timer", "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  auto a = std::make_unique<test_timer>();
  bool fired = false;
  a->then = [&] {
    fired = true;
    a.reset();
  };
  wheel.arm(a->t, start + 1s);
  wheel.advance(start + 2s);
  CHECK(fired);
  CHECK(wheel.armed() == 0);
}

TEST_CASE("timing_wheel: one jump over many rotations fires everything that is due once",
          "[actors][timing_wheel]") {
  timing_wheel wheel{start};
  std::vector<std::unique_ptr<test_timer>> due;
  for (int i = 0; i < 5000; ++i) { // every slot, and more than once
    due.push_back(std::make_unique<test_timer>());
    wheel.arm(due.back()->t, start + i * tick);
  }
  test_timer later;
  wheel.arm(later.t, start + 3600s);
  wheel.advance(start + 3599s);
  for (const auto& a : due) CHECK(a->fired == 1);
  CHECK(later.fired == 0);
  CHECK(wheel.armed() == 1);
}

TEST_CASE("timing_wheel: agrees with a list of deadlines at random", "[actors][timing_wheel]") {
  std::mt19937_64 random{GENERATE(1U, 2U, 3U, 4U, 5U, 6U)};
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  timing_wheel wheel{start};
  struct modelled : test_timer {
    std::optional<time_point> deadline;
    time_point armed_at;
  };
  std::vector<modelled> timers(60);
  auto now = start;
  for (int step = 0; step < 3000; ++step) {
    for (auto changes = below(4); changes > 0; --changes) {
      auto& m = timers[static_cast<std::size_t>(below(60))];
      if (below(4) == 0) {
        m.t.cancel();
        m.deadline.reset();
      } else {
        const auto spans = std::array<std::int64_t, 4>{100, 5'000, 70'000, 400'000};
        m.deadline = now - 50ms + std::chrono::milliseconds{below(spans[random() % 4])};
        m.armed_at = now;
        wheel.arm(m.t, *m.deadline);
      }
    }
    std::optional<time_point> first;
    for (const auto& m : timers)
      if (m.deadline) first = first ? std::min(*first, *m.deadline) : *m.deadline;
    REQUIRE(wheel.next().has_value() == first.has_value());
    // A deadline rounds up to its tick; one that has passed to the next tick.
    if (first) REQUIRE(*wheel.next() <= std::max(*first, now) + tick);
    if (first && below(3) == 0) now = std::max(now, *wheel.next());
    else now += std::chrono::microseconds{below(below(20) == 0 ? 150'000'000 : 90'000)};
    std::vector<int> before;
    for (const auto& m : timers) before.push_back(m.fired);
    wheel.advance(now);
    for (std::size_t i = 0; i < timers.size(); ++i) {
      auto& m = timers[i];
      const auto fired = m.fired - before[i];
      REQUIRE(fired <= 1);
      if (fired) {
        REQUIRE(m.deadline);
        REQUIRE(*m.deadline <= now);
        REQUIRE_FALSE(m.t.armed());
        m.deadline.reset();
      } else if (m.deadline) {
        REQUIRE(m.t.armed());
        REQUIRE(now < std::max(*m.deadline, m.armed_at) + tick);
      }
    }
    const auto armed = std::count_if(timers.begin(), timers.end(),
                                     [](const auto& m) { return m.deadline.has_value(); });
    REQUIRE(wheel.armed() == static_cast<std::size_t>(armed));
  }
}
