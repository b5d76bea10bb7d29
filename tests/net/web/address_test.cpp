// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/web/address.hpp>

#include "support/catch.hpp"

using namespace troupe::net::web;

TEST_CASE("web address: addresses are http or https and nothing fancy", "[net][web]") {
  const auto a = parse_address("https://[::1]:8443/a/b?c");
  REQUIRE(a);
  CHECK(a->is_encrypted);
  CHECK(a->host == "::1");
  CHECK(a->port == "8443");
  CHECK(a->target == "/a/b?c");
  CHECK(a->authority() == "[::1]:8443");
  const auto b = parse_address("http://keys.example?x");
  REQUIRE(b);
  CHECK(b->port == "80");
  CHECK(b->target == "/?x");
  for (const auto* url : {"", "ftp://a", "http://", "http://a b", "http://a\r\nX: y", "http://u:p@a", "http://a:x/",
                          "http://a:/", "https://a/{{tenant}}", "http://a/#x", "keys.example"}) {
    CAPTURE(url);
    CHECK_FALSE(parse_address(url));
  }
}
