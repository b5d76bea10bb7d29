// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/memory_budget.hpp>

#include <troupe/frame.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using troupe::frame;
using troupe::opcode;
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

TEST_CASE("memory budget: it is tight from 70 % on, unless there is none", "[net][memory_budget]") {
  memory_budget budget{1000};
  budget.update(699);
  CHECK_FALSE(budget.is_tight());
  budget.update(700);
  CHECK(budget.is_tight());
  memory_budget none{0};
  none.update(1'000'000);
  CHECK_FALSE(none.is_tight());
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

TEST_CASE("memory budget: queues' share halves from 80 % on and with each 2.5 % more", "[net][memory_budget]") {
  memory_budget budget{1000};
  budget.update(799);
  CHECK(budget.share(1024) == 1024);
  budget.update(800);
  CHECK(budget.share(1024) == 512);
  budget.update(825);
  CHECK(budget.share(1024) == 256);
  budget.update(949);
  CHECK(budget.share(1024) == 16);
  budget.update(5000);
  CHECK(budget.share(1024) == 8);
  budget.update(100);
  CHECK(budget.share(1024) == 1024);
}

TEST_CASE("memory budget: messages count at once, not when memory is measured next", "[net][memory_budget]") {
  constexpr std::size_t mib = 1024 * 1024;
  memory_budget budget{100 * mib};
  budget.update(70 * mib);
  std::vector<frame> queued;
  while (queued.size() < 9) queued.push_back(frame::encode(opcode::binary, std::string(mib, 'x')));
  CHECK(budget.now() == level::normal);
  CHECK(budget.share(1024) == 1024);
  while (queued.size() < 11) queued.push_back(frame::encode(opcode::binary, std::string(mib, 'x')));
  CHECK(budget.now() == level::shedding);
  CHECK(budget.share(1024) == 512);
  while (queued.size() < 26) queued.push_back(queued.front()); // shared bytes are no more bytes
  CHECK(budget.now() == level::shedding);
  while (queued.size() < 41) queued.push_back(frame::encode(opcode::binary, std::string(mib, 'x')));
  CHECK(budget.now() == level::full);
  queued.clear();
  CHECK(budget.now() == level::normal);
}
