// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/histogram.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

using troupe::app::bench::histogram;

TEST_CASE("an empty histogram answers zero", "[app][bench][histogram]") {
  const auto times = std::make_unique<histogram>();
  CHECK(times->count() == 0);
  CHECK(times->quantile(0.99) == 0);
  CHECK(times->mean() == 0);
}

TEST_CASE("quantiles are exact below 256 and within 1/128 above", "[app][bench][histogram]") {
  std::mt19937_64 random{7};
  for (const std::uint64_t range : {200ull, 70'000ull, 5'000'000'000ull}) {
    const auto times = std::make_unique<histogram>();
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 20'000; ++i) {
      values.push_back(random() % range);
      times->record(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const double share : {0.0001, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      CAPTURE(range, share);
      const auto exact = values[static_cast<std::size_t>(std::ceil(share * 20'000)) - 1];
      CHECK(times->quantile(share) >= exact);
      CHECK(times->quantile(share) <= exact + exact / 128);
    }
    CHECK(times->max() == values.back());
  }
}

TEST_CASE("merged histograms equal one that saw everything", "[app][bench][histogram]") {
  const auto low = std::make_unique<histogram>();
  const auto high = std::make_unique<histogram>();
  for (std::uint64_t i = 1; i <= 100; ++i)
    (i <= 50 ? low : high)->record(i);
  low->merge(*high);
  CHECK(low->count() == 100);
  CHECK(low->quantile(0.5) == 50);
  CHECK(low->quantile(0.99) == 99);
  CHECK(low->max() == 100);
  CHECK(low->mean() == 50.5);
}

TEST_CASE("values above the largest are counted as the largest", "[app][bench][histogram]") {
  const auto times = std::make_unique<histogram>();
  times->record(~0ull);
  CHECK(times->count() == 1);
  CHECK(times->max() == histogram::max_value);
  CHECK(times->quantile(1) == histogram::max_value);
}
