// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/token_cache.hpp>

#include "support/catch.hpp"

using namespace troupe::net::auth;
using namespace std::chrono_literals;

namespace {

constexpr unix_clock::time_point now{1000s};

verifier::authentic verified(std::optional<claims::seconds> expires = {},
                             std::optional<unix_clock::time_point> until = {}) {
  auto said = std::make_shared<claims>();
  said->expires = expires;
  return {said, until};
}

} // namespace

TEST_CASE("token cache: a token is known for its purpose alone", "[net][auth][cache]") {
  token_cache cache{10'000};
  cache.add("token", purpose::connection, verified());
  CHECK(cache.find("token", purpose::connection, now));
  CHECK_FALSE(cache.find("token", purpose::subscription, now));
  CHECK_FALSE(cache.find("other", purpose::connection, now));
  cache.add("token", purpose::connection, verified());
  CHECK(cache.size() == 1);
  cache.clear();
  CHECK_FALSE(cache.find("token", purpose::connection, now));
  CHECK(cache.bytes() == 0);
}

TEST_CASE("token cache: what has expired is forgotten, the token and its key alike",
          "[net][auth][cache]") {
  token_cache cache{10'000};
  cache.add("a", purpose::connection, verified(claims::seconds{1001s}));
  cache.add("b", purpose::connection, verified({}, now + 1s));
  CHECK(cache.find("a", purpose::connection, now));
  CHECK(cache.find("b", purpose::connection, now));
  CHECK_FALSE(cache.find("a", purpose::connection, now + 1s));
  CHECK_FALSE(cache.find("b", purpose::connection, now + 1s));
  CHECK(cache.size() == 0);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("token cache: at its bound the least recently used goes", "[net][auth][cache]") {
  token_cache cache{3 * (512 + 2)};
  for (const auto* token : {"a", "b", "c"}) cache.add(token, purpose::connection, verified());
  CHECK(cache.size() == 3);
  CHECK(cache.find("a", purpose::connection, now));
  cache.add("d", purpose::connection, verified());
  CHECK(cache.size() == 3);
  CHECK(cache.bytes() <= 3 * (512 + 2));
  CHECK(cache.find("a", purpose::connection, now));
  CHECK_FALSE(cache.find("b", purpose::connection, now));
  cache.add(std::string(10'000, 'x'), purpose::connection, verified());
  CHECK(cache.size() == 3);
}
