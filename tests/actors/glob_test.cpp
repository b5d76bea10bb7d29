// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/glob.hpp>

#include "support/catch.hpp"

#include <string>

using troupe::glob;

namespace {

bool fits(std::string_view pattern, std::string_view name) {
  const auto parsed = glob::parse(pattern);
  REQUIRE(parsed);
  return parsed->matches(name);
}

} // namespace

TEST_CASE("glob: it matches whole names", "[actors][glob]") {
  CHECK(fits("", ""));
  CHECK_FALSE(fits("", "a"));
  CHECK(fits("chat:1", "chat:1"));
  CHECK_FALSE(fits("chat:1", "chat:12"));
  CHECK_FALSE(fits("chat:1", "xchat:1"));
}

TEST_CASE("glob: a star is any run, also none, and backtracks", "[actors][glob]") {
  CHECK(fits("*", ""));
  CHECK(fits("chat:*", "chat:"));
  CHECK(fits("chat:*", "chat:a:b"));
  CHECK(fits("*:b*d", "a:b:bcd"));
  CHECK(fits("a*b*c", "axbxbxc"));
  CHECK_FALSE(fits("a*b*c", "axbxbx"));
  CHECK(fits("**", "x"));
}

TEST_CASE("glob: a question mark is one byte, a set one of its members", "[actors][glob]") {
  CHECK(fits("a?c", "abc"));
  CHECK_FALSE(fits("a?c", "ac"));
  CHECK(fits("[abc]", "b"));
  CHECK_FALSE(fits("[abc]", "d"));
  CHECK(fits("[a-c]x", "cx"));
  CHECK_FALSE(fits("[!a-c]", "b"));
  CHECK(fits("[!a-c]", "d"));
  CHECK(fits("[a\\]]", "]"));
  CHECK(fits("[a-]", "-"));
}

TEST_CASE("glob: braces are alternatives, which may hold all the others", "[actors][glob]") {
  for (const auto* name : {"chat:1", "news:1", "x:1", ":1"}) CHECK(fits("{chat,news,?,}:1", name));
  CHECK_FALSE(fits("{chat,news}:1", "chatnews:1"));
  CHECK(fits("{a,b}{c,d*}", "bdxx"));
  CHECK_FALSE(fits("{a,b}{c,d*}", "ab"));
}

TEST_CASE("glob: a backslash takes the next byte as it is", "[actors][glob]") {
  CHECK(fits("a\\*b", "a*b"));
  CHECK_FALSE(fits("a\\*b", "axb"));
  CHECK(fits("\\{x\\}", "{x}"));
}

TEST_CASE("glob: what is malformed or too long is refused", "[actors][glob]") {
  for (const auto* wrong : {"[", "[]", "[a", "[!", "[b-a]", "{", "{a", "{a,{b}}", "}", "\\", "[\\"})
    CHECK_FALSE(glob::parse(wrong));
  CHECK(glob::parse(std::string(glob::max_bytes, 'a')));
  CHECK_FALSE(glob::parse(std::string(glob::max_bytes + 1, 'a')));
  CHECK(glob::parse("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"));
  CHECK_FALSE(glob::parse("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"));
}

TEST_CASE("glob: many stars take no longer than lengths multiplied", "[actors][glob]") {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  CHECK_FALSE(fits(pattern + "b", std::string(4000, 'a')));
}
