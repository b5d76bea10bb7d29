// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/seen_keys.hpp>

#include "support/catch.hpp"

#include <string>

using namespace troupe::centrifuge;
using namespace std::chrono_literals;

namespace {

const seen_keys::time_point start{1h};

} // namespace

TEST_CASE("seen_keys: a key is known until it has been kept its time", "[actors][centrifuge][seen_keys]") {
  seen_keys keys;
  CHECK_FALSE(keys.find("k", start));
  keys.add("k", {7, "ep"}, start);
  REQUIRE(keys.find("k", start + seen_keys::kept - 1ms));
  CHECK(*keys.find("k", start) == stream_position{7, "ep"});
  CHECK(keys.forgotten_at() == start + seen_keys::kept);
  CHECK_FALSE(keys.find("k", start + seen_keys::kept));
  keys.add("k", {8, "ep"}, start + seen_keys::kept);
  CHECK(keys.find("k", start + seen_keys::kept)->offset == 8);
}

TEST_CASE("seen_keys: beyond the bound the oldest is forgotten", "[actors][centrifuge][seen_keys]") {
  seen_keys keys;
  for (std::size_t i = 0; i < seen_keys::max_keys; ++i) keys.add(std::to_string(i), {i, {}}, start);
  CHECK(keys.find("0", start));
  keys.add("one more", {}, start);
  CHECK_FALSE(keys.find("0", start));
  CHECK(keys.find("1", start));
  CHECK(keys.find("one more", start));
}
