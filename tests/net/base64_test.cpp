// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/base64.hpp>

#include "support/catch.hpp"

using namespace troupe::net;

TEST_CASE("base64: what was encoded is decoded", "[net][base64]") {
  std::string bytes;
  for (int size = 0; size < 70; ++size) {
    for (const auto form : {base64::standard, base64::url}) {
      CAPTURE(size);
      CHECK(decode(form, encode(form, bytes)) == bytes);
    }
    bytes += static_cast<char>(size * 37);
  }
}

TEST_CASE("base64: the two forms differ in two letters and in padding", "[net][base64]") {
  CHECK(encode(base64::standard, "\xfb\xff") == "+/8=");
  CHECK(encode(base64::url, "\xfb\xff") == "-_8");
}

TEST_CASE("base64: a text that no bytes are encoded as is refused", "[net][base64]") {
  for (const auto* text : {"-_8=", "+/8", "A", "AAAAA", "AB", "AAB", "AA A", "AA\n", "A*"}) {
    CAPTURE(text);
    CHECK_FALSE(decode(base64::url, text));
  }
  for (const auto* text : {"+/8", "-_8=", "A===", "====", "AB==", "AAB=", "AA=A", "AA==AAAA"}) {
    CAPTURE(text);
    CHECK_FALSE(decode(base64::standard, text));
  }
}
