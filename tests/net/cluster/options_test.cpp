// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/cluster/link.hpp>
#include <troupe/net/cluster/options.hpp>

#include "support/catch.hpp"

using namespace troupe::net::cluster;

TEST_CASE("cluster options: the URL of a NATS server has no user and no password", "[net][cluster]") {
  for (const auto* good : {"nats://127.0.0.1:4222", "nats://localhost", "tls://nats.example.com:4222", "nats://[::1]:4222"})
    CHECK(is_nats_url(good));
  for (const auto* bad : {"", "nats", "127.0.0.1:4222", "http://a:1", "nats://", "nats://:4222", "nats://a:", "nats://a:x",
                          "nats://user:password@a:4222", "nats://token@a", "nats://a/b", "nats://a:123456"})
    CHECK_FALSE(is_nats_url(bad));
}

TEST_CASE("cluster options: a prefix is words with dots between them", "[net][cluster]") {
  for (const auto* good : {"troupe", "a.b", "a-b_c.D9"}) CHECK(is_subject_prefix(good));
  for (const auto* bad : {"", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>", "\xff"}) CHECK_FALSE(is_subject_prefix(bad));
  CHECK_FALSE(is_subject_prefix(std::string(129, 'a')));
}

TEST_CASE("cluster options: what the library cannot take is said by the option's name, without secrets", "[net][cluster]") {
  nats_options o;
  o.tls_ca = "/nowhere/ca.pem";
  CHECK_THROWS_WITH(library_options{o}, Catch::Contains("nats.tls_ca: cannot use '/nowhere/ca.pem'"));
  o = {};
  o.tls_certificate = "/nowhere/cert.pem";
  o.tls_key = "/nowhere/key.pem";
  CHECK_THROWS_WITH(library_options{o}, Catch::Contains("nats.tls_certificate: cannot use '/nowhere/cert.pem'"));
  o = {};
  o.user = "u";
  o.password = "secret";
  CHECK_NOTHROW(library_options{o});
}
