// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/delivery.hpp>

#include "deliveries.hpp"
#include "support/catch.hpp"

#include <array>
#include <thread>
#include <vector>

using namespace troupe;
using troupe::tests::make_delivery;

TEST_CASE("delivery: the first variant attached is everybody's", "[actors][delivery]") {
  const auto plain = make_delivery("plain", overflow::disconnect);
  const auto copy = plain;
  CHECK_FALSE(plain->variant());
  const auto deflated = make_delivery("z1", overflow::disconnect);
  CHECK(plain->attach_variant(deflated) == deflated);
  CHECK(plain->attach_variant(make_delivery("z2", overflow::disconnect)) == deflated);
  CHECK(copy->variant() == deflated);
  CHECK(plain->message.payload() == "plain");
}

TEST_CASE("delivery: a variant lives as long as what it belongs to", "[actors][delivery]") {
  auto plain = make_delivery("plain", overflow::disconnect);
  auto deflated = make_delivery("z", overflow::disconnect);
  plain->attach_variant(deflated);
  CHECK_FALSE(deflated->unique());
  plain = nullptr;
  CHECK(deflated->unique());
}

TEST_CASE("delivery: threads that attach a variant at once all get the same one",
          "[actors][delivery]") {
  for (int round = 0; round < 50; ++round) {
    const auto plain = make_delivery("plain", overflow::disconnect);
    std::array<delivery_ptr, 4> seen;
    std::vector<std::thread> threads;
    for (auto& mine : seen)
      threads.emplace_back([&plain, &mine] {
        mine = plain->attach_variant(make_delivery("z", overflow::disconnect));
      });
    for (auto& t : threads) t.join();
    for (const auto& one : seen) CHECK(one == plain->variant());
  }
}
