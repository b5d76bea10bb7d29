// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/leaders.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

using troupe::app::console::leaders;

TEST_CASE("leaders: are those that sorting everything would give", "[app][console]") {
  std::mt19937 random{7};
  for (const std::size_t count : {0U, 1U, 2U, 7U, 100U, 2000U}) {
    std::vector<int> keys(1000);
    for (auto& key : keys)
      key = static_cast<int>(random() % 50); // many are equal
    leaders<int, std::size_t, std::greater<>> best{count};
    std::vector<std::size_t> sorted(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      best.offer(keys[i], [i] { return i; });
      sorted[i] = i;
    }
    std::ranges::stable_sort(sorted, std::greater<>{}, [&](std::size_t i) { return keys[i]; });
    sorted.resize(std::min(count, sorted.size()));
    CHECK(best.take() == sorted);
  }
}

TEST_CASE("leaders: make only items that have a chance", "[app][console]") {
  leaders<int, int, std::greater<>> best{10};
  int made = 0;
  for (int key = 100'000; key > 0; --key)
    best.offer(key, [&] { return ++made; });
  CHECK(made == 20);
}
