// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Trusted networks, and the client that trusted proxies name.
#include <troupe/net/internal/forwarded.hpp>

#include "support/catch.hpp"

#include <string>

using namespace troupe::net;

namespace {

boost::asio::ip::address address(const char* text) { return boost::asio::ip::make_address(text); }

const networks proxies{{"10.0.0.0/8", "127.0.0.1", "2001:db8::/32"}};

std::string client(proxy_header kind, std::string_view value) {
  const auto found = client_address(kind, value, proxies);
  return found ? found->to_string() : "";
}
std::string xff(std::string_view value) { return client(proxy_header::x_forwarded_for, value); }
std::string forwarded(std::string_view value) { return client(proxy_header::forwarded, value); }

} // namespace

TEST_CASE("networks: addresses and networks are told from what is neither", "[net][proxy]") {
  for (const auto* good : {"10.0.0.0/8", "10.1.2.3/8", "0.0.0.0/0", "::/0", "::1", "127.0.0.1", "2001:db8::/32"})
    CHECK(is_network(good));
  for (const auto* bad : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "example.com", "10.0.0", "*", "10.0.0.0/8 "})
    CHECK_FALSE(is_network(bad));
}

TEST_CASE("networks: they contain what they should, IPv4 inside of IPv6 too", "[net][proxy]") {
  for (const auto* in : {"10.0.0.1", "10.255.255.255", "127.0.0.1", "::ffff:10.0.0.1", "2001:db8:1::1"})
    CHECK(proxies.contain(address(in)));
  for (const auto* out : {"11.0.0.1", "9.255.255.255", "127.0.0.2", "::ffff:11.0.0.1", "2001:db9::1", "::1", "::10.0.0.1"})
    CHECK_FALSE(proxies.contain(address(out)));
  CHECK(networks{{"10.1.2.3/8"}}.contain(address("10.9.9.9")));
  CHECK_FALSE(networks{}.contain(address("127.0.0.1")));
}

TEST_CASE("x-forwarded-for: the rightmost that is no proxy is the client", "[net][proxy]") {
  CHECK(xff("192.0.2.1") == "192.0.2.1");
  CHECK(xff("192.0.2.1, 10.0.0.7, 10.0.0.8") == "192.0.2.1");
  CHECK(xff("6.6.6.6, 192.0.2.1, 10.0.0.8") == "192.0.2.1"); // who came wrote the first
  CHECK(xff("192.0.2.1:4711") == "192.0.2.1");
  CHECK(xff("[2001:db9::1]:4711") == "2001:db9::1");
  CHECK(xff("2001:db9::1") == "2001:db9::1");
  CHECK(xff("10.0.0.1,10.0.0.2") == "10.0.0.1");
}

TEST_CASE("x-forwarded-for: what is no address hides what is left of it", "[net][proxy]") {
  for (const auto* nothing : {"", "unknown", "192.0.2.1, ", "192.0.2.1, x", "[2001:db9::1"}) CHECK(xff(nothing).empty());
  CHECK(xff("192.0.2.1, unknown, 10.0.0.1") == "10.0.0.1");
}

TEST_CASE("networks: an address counts as itself, or as the network that one subscriber has", "[net][proxy]") {
  CHECK(counted_address("192.0.2.1") == "192.0.2.1");
  CHECK(counted_address("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(counted_address("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  CHECK(counted_address("2001:DB8:1:2::") == "2001:db8:1:2::/64");
  CHECK(counted_address("::1") == "::/64");
  CHECK(counted_address("fe80::1") == "fe80::1");
  CHECK(counted_address("fe80::1%1") != counted_address("fe80::2%1"));
  for (const auto* none : {"somebody", "a:b", ""}) CHECK(counted_address(none) == none);
}

TEST_CASE("forwarded: for of the rightmost element that is no proxy is the client", "[net][proxy]") {
  CHECK(forwarded("for=192.0.2.1") == "192.0.2.1");
  CHECK(forwarded("For=\"192.0.2.1:4711\";proto=https;by=10.0.0.1") == "192.0.2.1");
  CHECK(forwarded("for=6.6.6.6, for=\"[2001:db9::1]:4711\", for=10.0.0.1") == "2001:db9::1");
  CHECK(forwarded("proto=https; FOR=192.0.2.1") == "192.0.2.1");
  for (const auto* nothing : {"", "by=192.0.2.1", "for=_hidden", "for=unknown", "for"}) CHECK(forwarded(nothing).empty());
}

TEST_CASE("forwarded: without a header that is meant nobody is named", "[net][proxy]") {
  CHECK(client(proxy_header::none, "192.0.2.1").empty());
}
