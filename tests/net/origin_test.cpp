// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/origin.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace {

using troupe::net::origin_allowed;
using troupe::net::valid_origin_pattern;

struct verdict {
  std::string_view origin;
  bool allowed;
};

constexpr std::string_view own_host = "service.test:8000"; // must not matter once there is a list

void check(const std::vector<verdict>& table, std::string_view host,
           const std::vector<std::string>& allowed) {
  for (const auto& row : table) {
    CAPTURE(row.origin, host);
    CHECK(origin_allowed(row.origin, host, allowed) == row.allowed);
  }
}

// The attacks on origin checks that are known, and what must still pass beside them.
const std::vector<verdict> against_one_exact_origin = {
    {"https://example.com", true},
    {"https://example.com:443", true},
    {"HTTPS://EXAMPLE.COM", true},
    {"https://Example.Com:443", true},
    {"http://example.com", false},
    {"http://example.com:443", false},
    {"https://example.com:80", false},
    {"https://example.com:8443", false},
    {"https://example.com:0", false},
    {"https://example.com:65536", false},
    {"https://example.com:65979", false}, // 443 in 16 bits
    {"https://example.com:-443", false},
    {"https://example.com:+443", false},
    {"https://example.com:443x", false},
    {"https://example.com:", false},
    {"https://example.com.", false},
    {"https://.example.com", false},
    {"https://example..com", false},
    {"https://evil-example.com", false},
    {"https://evilexample.com", false},
    {"https://example.com.evil.test", false},
    {"https://www.example.com", false},
    {"https://example.comx", false},
    {"https://example.co", false},
    {"https://example.com@evil.test", false},
    {"https://evil.test@example.com", false},
    {"https://user:secret@example.com", false},
    {"https://example.com/", false},
    {"https://example.com/path", false},
    {"https://example.com?evil.test", false},
    {"https://example.com#evil.test", false},
    {"https://example.com\\.evil.test", false},
    {"https://evil.test/https://example.com", false},
    {"https://example.com https://evil.test", false},
    {"https://example.com, https://evil.test", false},
    {" https://example.com", false},
    {"https://example.com ", false},
    {"https://example.com\t", false},
    {std::string_view{"https://example.com\0", 20}, false},
    {std::string_view{"https://example.com\0.evil.test", 30}, false},
    {"https://exa%6dple.com", false},
    {"https://ex\xc3\xa4mple.com", false},
    {"https://xn--exmple-cua.com", false},
    {"https://example.com\xe3\x80\x82", false}, // an ideographic full stop
    {"https:example.com", false},
    {"https:/example.com", false},
    {"https:///example.com", false},
    {"//example.com", false},
    {"://example.com", false},
    {"example.com", false},
    {"https://", false},
    {"https://:443", false},
    {"https://*", false},
    {"https://*.example.com", false},
    {"wss://example.com", false},
    {"file://", false},
    {"null", false},
    {"NULL", false},
    {"undefined", false},
    {"*", false},
    {"", false},
};

} // namespace

TEST_CASE("origin: of all that resemble an allowed origin only its other spellings pass",
          "[net][origin]") {
  REQUIRE(against_one_exact_origin.size() >= 40);
  check(against_one_exact_origin, own_host, {"https://example.com"});
}

TEST_CASE("origin: a pattern may be written in either case and with its default port",
          "[net][origin]") {
  check(against_one_exact_origin, own_host, {"HTTPS://Example.COM:443"});
}

TEST_CASE("origin: a wildcard stands for one or more whole labels", "[net][origin]") {
  check(
      {
          {"https://www.example.com", true},
          {"https://a.b.example.com", true},
          {"https://WWW.Example.Com:443", true},
          {"https://example.com", false},
          {"https://.example.com", false},
          {"https://a..example.com", false},
          {"https://wwwexample.com", false},
          {"https://www-example.com", false},
          {"https://www.example.com.evil.test", false},
          {"https://www.example.com:8443", false},
          {"http://www.example.com", false},
          {"https://*.example.com", false},
          {"https://evil.test/.example.com", false},
          {"https://evil.test#.example.com", false},
          {"https://evil.test@www.example.com", false},
          {"null", false},
      },
      own_host, {"https://*.example.com"});
}

TEST_CASE("origin: an internationalised name is compared in its encoded form", "[net][origin]") {
  check(
      {
          {"https://xn--bcher-kva.example", true},
          {"https://XN--BCHER-KVA.example", true},
          {"https://b\xc3\xbc"
           "cher.example",
           false},
          {"https://bucher.example", false},
      },
      own_host, {"https://xn--bcher-kva.example"});
}

TEST_CASE("origin: addresses are compared as they are written", "[net][origin]") {
  check(
      {
          {"http://[::1]:8000", true},
          {"http://127.0.0.1:8000", true},
          {"http://[::1]", false},
          {"http://[::1]:8001", false},
          {"http://[::2]:8000", false},
          {"http://[::1]8000", false},
          {"http://[::1", false},
          {"http://::1:8000", false},
          {"http://[]:8000", false},
          {"http://[::1].evil.test:8000", false},
          {"http://localhost:8000", false},
          {"http://127.0.0.1.evil.test:8000", false},
          {"http://127.0.0.11:8000", false},
          {"http://2130706433:8000", false},
      },
      own_host, {"http://[::1]:8000", "http://127.0.0.1:8000"});
}

TEST_CASE("origin: without a list only pages of the same host and port pass", "[net][origin]") {
  check(
      {
          {"http://service.test:8000", true},
          {"https://service.test:8000", true}, // a proxy may have ended TLS
          {"http://SERVICE.test:8000", true},
          {"http://service.test", false},
          {"http://service.test:8001", false},
          {"http://www.service.test:8000", false},
          {"http://evil.test:8000", false},
          {"ws://service.test:8000", false},
          {"file://service.test:8000", false},
          {"null", false},
          {"", false},
      },
      "service.test:8000", {});
  check({{"http://service.test", true},
         {"https://service.test", true},
         {"http://service.test:80", true},
         {"https://service.test:443", true},
         {"http://service.test:8000", false}},
        "service.test", {});
  check({{"https://service.test", true}, {"http://service.test", false}}, "service.test:443", {});
  check({{"http://[::1]:8000", true}, {"http://[::1]", false}}, "[::1]:8000", {});
}

TEST_CASE("origin: a Host header that is none matches no page", "[net][origin]") {
  for (const std::string_view host :
       {"", ":", ":80", "a b", "a:b", "a:", "evil.test/", "*.test", "[", "[::1"}) {
    CAPTURE(host);
    CHECK_FALSE(origin_allowed("http://service.test", host, {}));
    CHECK_FALSE(origin_allowed("null", host, {}));
    CHECK_FALSE(origin_allowed("http://" + std::string{host}, host, {}));
  }
}

TEST_CASE("origin: each of several patterns counts, and a lone star allows everything",
          "[net][origin]") {
  const std::vector<std::string> several{"https://a.test", "https://*.b.test"};
  check({{"https://a.test", true},
         {"https://x.b.test", true},
         {"https://x.a.test", false},
         {"https://b.test", false}},
        own_host, several);
  check({{"https://evil.test", true}, {"null", true}, {"", true}, {"garbage", true}}, own_host,
        {"*"});
}

TEST_CASE("origin: a pattern that can never match is refused as one", "[net][origin]") {
  for (const std::string_view good :
       {"*", "https://example.com", "http://example.com:8000", "https://*.example.com",
        "http://[::1]:8000", "http://localhost", "HTTP://LOCALHOST:80", "app+scheme://host",
        "http://a_b.test"}) {
    CAPTURE(good);
    CHECK(valid_origin_pattern(good));
  }
  for (const std::string_view bad : {"",
                                     "example.com",
                                     "https://",
                                     "https://*",
                                     "https://*.",
                                     "https://*example.com",
                                     "https://a.*.com",
                                     "https://example.*",
                                     "https://example.com/",
                                     "https://example.com:",
                                     "https://example.com:99999",
                                     "https://example.com:0",
                                     "https://user@example.com",
                                     "https://example.com.",
                                     "null",
                                     "**",
                                     "https://*.*.example.com",
                                     "https://[*.example.com]",
                                     "://example.com",
                                     "ht tp://example.com",
                                     "https://b\xc3\xbc"
                                     "cher.example"}) {
    CAPTURE(bad);
    CHECK_FALSE(valid_origin_pattern(bad));
  }
}
