// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/events/signature.hpp>

#include "support/catch.hpp"

using namespace troupe::net::events;

TEST_CASE("signature: it is what any HMAC-SHA-256 makes of time and body", "[net][events][signature]") {
  // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
  CHECK(signature_of("secret", "1700000000", R"({"a":1})") ==
        "v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686");
}

TEST_CASE("signature: the header tells the time, and is made with both secrets while they change", "[net][events][signature]") {
  const std::chrono::system_clock::time_point now{std::chrono::milliseconds{1'700'000'000'999}};
  const auto one = signature_of("new", "1700000000", "body");
  const auto other = signature_of("old", "1700000000", "body");
  CHECK(one != other);
  CHECK(sign("new", {}, now, "body") == "t=1700000000," + one);
  CHECK(sign("new", "old", now, "body") == "t=1700000000," + one + "," + other);
}

TEST_CASE("signature: another time or another body has another", "[net][events][signature]") {
  CHECK(signature_of("s", "1", "b") != signature_of("s", "2", "b"));
  CHECK(signature_of("s", "1", "b") != signature_of("s", "1", "c"));
}
