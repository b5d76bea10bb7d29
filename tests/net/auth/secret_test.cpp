// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/net/auth/secret.hpp>

using namespace troupe::net::auth;

TEST_CASE("secret: only the whole text is it, and nothing is an empty one", "[net][auth]") {
  const secret key{"correct horse"};
  CHECK(key.is("correct horse"));
  CHECK_FALSE(key.is("correct hors"));
  CHECK_FALSE(key.is("correct horse "));
  CHECK_FALSE(key.is(""));
  CHECK_FALSE(key.empty());
  CHECK(secret{""}.empty());
  CHECK_FALSE(secret{""}.is(""));
}

TEST_CASE("secret: credentials are what follows their scheme, in any case", "[net][auth]") {
  CHECK(credentials("Bearer abc", "Bearer") == "abc");
  CHECK(credentials("bEARER abc", "Bearer") == "abc");
  CHECK(credentials("Basic abc", "Bearer").empty());
  CHECK(credentials("Bearerabc", "Bearer").empty());
  CHECK(credentials("Bearer", "Bearer").empty());
  CHECK(credentials("", "Bearer").empty());
}
