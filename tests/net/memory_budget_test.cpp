// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/memory_budget.hpp>

#include "support/catch.hpp"

using troupe::net::memory_budget;
using level = memory_budget::level;

TEST_CASE("memory budget: without one nothing is shed, whatever is taken", "[net][memory_budget]") {
  memory_budget none{0};
  CHECK(none.update(1'000'000'000) == level::normal);
  CHECK(none.share(1000) == 1000);
}

TEST_CASE("memory budget: it sheds from 80 %, and is full from 95 %", "[net][memory_budget]") {
  memory_budget budget{1000};
  CHECK(budget.update(799) == level::normal);
  CHECK(budget.update(800) == level::shedding);
  CHECK(budget.update(949) == level::shedding);
  CHECK(budget.update(950) == level::full);
  CHECK(budget.now() == level::full);
}

TEST_CASE("memory budget: it stops shedding below 75 %, and is full down to 90 %", "[net][memory_budget]") {
  memory_budget budget{1000};
  budget.update(950);
  CHECK(budget.update(900) == level::full);
  CHECK(budget.update(899) == level::shedding);
  CHECK(budget.update(750) == level::shedding);
  CHECK(budget.update(749) == level::normal);
  CHECK(budget.update(799) == level::normal);
}

TEST_CASE("memory budget: queues' share halves while it sheds and recovers afterwards", "[net][memory_budget]") {
  memory_budget budget{1000};
  CHECK(budget.share(1024) == 1024);
  budget.update(800);
  CHECK(budget.share(1024) == 512);
  budget.update(960);
  CHECK(budget.share(1024) == 256);
  for (int i = 0; i < 100; ++i) budget.update(960);
  CHECK(budget.share(1024) == 16);
  budget.update(100);
  CHECK(budget.share(1024) == 32);
  for (int i = 0; i < 100; ++i) budget.update(100);
  CHECK(budget.share(1024) == 1024);
}
