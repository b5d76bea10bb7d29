// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/webhooks/breaker.hpp>

#include "support/catch.hpp"

using troupe::net::webhooks::breaker;
using namespace std::chrono_literals;

namespace {

const breaker::time_point start{};

} // namespace

TEST_CASE("breaker: it opens at as many failures in a row as it may and not before", "[net][webhooks][breaker]") {
  breaker b{3, 2s};
  b.fail(start);
  b.fail(start);
  CHECK(b.allows(start));
  b.succeed();
  b.fail(start);
  b.fail(start);
  CHECK(b.allows(start));
  b.fail(start);
  CHECK(b.is_open());
  CHECK_FALSE(b.allows(start));
}

TEST_CASE("breaker: after its pause one request tries, and decides", "[net][webhooks][breaker]") {
  breaker b{1, 2s};
  b.fail(start);
  CHECK_FALSE(b.allows(start + 1999ms));
  CHECK(b.allows(start + 2s));
  CHECK_FALSE(b.allows(start + 2s)); // the others wait for it
  SECTION("it fails") {
    b.fail(start + 3s);
    CHECK_FALSE(b.allows(start + 4s));
    CHECK(b.allows(start + 5s));
  }
  SECTION("it succeeds") {
    b.succeed();
    CHECK_FALSE(b.is_open());
    CHECK(b.allows(start + 3s));
    CHECK(b.allows(start + 3s));
  }
}

TEST_CASE("breaker: with no failures set it never opens", "[net][webhooks][breaker]") {
  breaker b{0, 2s};
  for (int i = 0; i < 1'000; ++i) b.fail(start);
  CHECK(b.allows(start));
}
