// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/utf8.hpp>

#include "support/catch.hpp"

#include <string>

using troupe::net::cut_close_text;
using troupe::net::ends_within_character;

TEST_CASE("utf8: text that ends between characters is complete", "[net][utf8]") {
  for (const auto* text : {"", "a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "a\xe2\x82\xac", "\xe2\x82\xac" "a"}) {
    CAPTURE(text);
    CHECK_FALSE(ends_within_character(text));
  }
}

TEST_CASE("utf8: text that ends within a character of two to four bytes is not", "[net][utf8]") {
  for (const auto* text : {"\xc3", "a\xc3", "\xe2", "\xe2\x82", "\xf0", "\xf0\x9f", "\xf0\x9f\x98", "\xc3\xbc\xf0\x9f\x98"}) {
    CAPTURE(text);
    CHECK(ends_within_character(text));
  }
}

TEST_CASE("utf8: a close text of 123 bytes stays, a longer one is cut between characters", "[net][utf8]") {
  std::string text(123, 'x');
  cut_close_text(text);
  CHECK(text.size() == 123);
  text += 'x';
  cut_close_text(text);
  CHECK(text.size() == 123);
  text = std::string(122, 'x') + "\xe2\x82\xac";
  cut_close_text(text);
  CHECK(text == std::string(122, 'x'));
}
