// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/webhooks/options.hpp>

#include "support/catch.hpp"

using namespace troupe::net::webhooks;

TEST_CASE("webhook options: a status becomes an error or a close of the application's own", "[net][webhooks]") {
  const auto error = parse_status_rule("404=404:not found");
  REQUIRE(error);
  CHECK(error->status == 404);
  CHECK(error->code == 404);
  CHECK(error->text == "not found");
  CHECK_FALSE(error->closes());
  CHECK(parse_status_rule("401=4501:unauthorized")->closes());
  CHECK(parse_status_rule("500=1999:x"));
  CHECK(parse_status_rule("500=4999:x"));
}

TEST_CASE("webhook options: rules that are none are refused", "[net][webhooks]") {
  for (const auto* text : {"", "404", "404=404", "404=404:", "404=399:x", "404=2000:x", "404=3999:x", "404=5000:x",
                           "200=404:x", "99=404:x", "600=404:x", "a=404:x", "404=404:a\nb"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_status_rule(text));
  }
  CHECK_FALSE(parse_status_rule("404=404:" + std::string(124, 'x')));
  CHECK(parse_status_rule("404=404:" + std::string(123, 'x')));
}

TEST_CASE("webhook options: headers are passed on, but not those that make the connection", "[net][webhooks]") {
  CHECK(is_header_name("Cookie"));
  CHECK(is_header_name("x-api-key"));
  for (const auto* name : {"", "Host", "content-length", "Transfer-Encoding", "Connection", "a b", "a:b", "a\r\nb"}) {
    CAPTURE(name);
    CHECK_FALSE(is_header_name(name));
  }
  CHECK(is_header_line("X-Api-Key: secret"));
  for (const auto* line : {"", "X-Api-Key", "X-Api-Key:secret", "X-Api-Key: ", "X: a\r\nY: b", "Host: a"}) {
    CAPTURE(line);
    CHECK_FALSE(is_header_line(line));
  }
}
