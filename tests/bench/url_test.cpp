// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/url.hpp"

#include "support/catch.hpp"

#include <stdexcept>

using troupe::app::bench::parse_url;

TEST_CASE("a ws URL is taken apart", "[app][bench][url]") {
  const auto plain = parse_url("ws://127.0.0.1:8000/ws?token=a/b");
  CHECK(plain.host == "127.0.0.1");
  CHECK(plain.port == 8000);
  CHECK(plain.target == "/ws?token=a/b");
  CHECK(plain.authority() == "127.0.0.1:8000");

  const auto shortest = parse_url("ws://example");
  CHECK(shortest.host == "example");
  CHECK(shortest.port == 80);
  CHECK(shortest.target == "/");

  const auto ipv6 = parse_url("ws://[::1]:9/x");
  CHECK(ipv6.host == "::1");
  CHECK(ipv6.port == 9);
  CHECK(ipv6.authority() == "[::1]:9");

  CHECK(parse_url("ws://host?a=b").target == "/?a=b");
  CHECK_FALSE(plain.is_secure);

  const auto secure = parse_url("wss://example/ws");
  CHECK(secure.is_secure);
  CHECK(secure.port == 443);
  CHECK(parse_url("wss://example:8443").port == 8443);
}

TEST_CASE("what is not a ws URL is refused with its fault named", "[app][bench][url]") {
  const auto fault = [](const char* text) -> std::string {
    try {
      parse_url(text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(fault("http://host/") == "'http://host/' does not start with ws:// or wss://");
  CHECK(fault("ws:///path") == "'ws:///path' names no host");
  CHECK(fault("ws://:80/") == "'ws://:80/' names no host");
  CHECK(fault("ws://host:0/") == "'0' is not a port (1 to 65535) in the URL 'ws://host:0/'");
  CHECK(fault("ws://host:65536") ==
        "'65536' is not a port (1 to 65535) in the URL 'ws://host:65536'");
  CHECK(fault("ws://host:/") == "'' is not a port (1 to 65535) in the URL 'ws://host:/'");
  CHECK(fault("ws://[::1/") == "'ws://[::1/' lacks the ']' of its IPv6 address");
  CHECK(fault("ws://[::1]x/") == "'ws://[::1]x/' has text between host and path");
  CHECK(fault("ws://host/a b") ==
        "'ws://host/a b' holds a character that must not stand in a request line");
}
