// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/client_id.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>
#include <string_view>

using troupe::client_id;
using troupe::connection_handle;

TEST_CASE("client_id: a random one is a UUID of version 4", "[actors][client_id]") {
  for (int i = 0; i < 200; ++i) {
    const auto text = client_id::random().to_string();
    INFO(text);
    REQUIRE(text.size() == 36);
    for (std::size_t at = 0; at < text.size(); ++at) {
      const std::string_view allowed = at == 8 || at == 13 || at == 18 || at == 23 ? "-"
                                       : at == 14                                  ? "4"
                                       : at == 19                                  ? "89ab"
                                                                                   : "0123456789abcdef";
      CHECK(allowed.find(text[at]) != std::string_view::npos);
    }
  }
}

TEST_CASE("client_id: no two random ones are equal", "[actors][client_id]") {
  std::set<client_id> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(client_id::random());
  CHECK(seen.size() == 1000);
}

TEST_CASE("client_id: its text reads back as the same ID", "[actors][client_id]") {
  for (int i = 0; i < 200; ++i) {
    const auto id = client_id::random();
    CHECK(client_id::parse(id.to_string()) == id);
  }
}

TEST_CASE("client_id: every digit of the text has its place", "[actors][client_id]") {
  const std::string text = "01234567-89ab-4cde-8fed-cba987654321";
  const auto id = client_id::parse(text);
  REQUIRE(id);
  CHECK(id->to_string() == text);
}

TEST_CASE("client_id: capital letters are read", "[actors][client_id]") {
  CHECK(client_id::parse("ABCDEF01-89AB-4CDE-8FED-CBA987654321") ==
        client_id::parse("abcdef01-89ab-4cde-8fed-cba987654321"));
}

TEST_CASE("client_id: a default one is the nil UUID", "[actors][client_id]") {
  CHECK(client_id{}.to_string() == "00000000-0000-0000-0000-000000000000");
  CHECK(client_id::parse("00000000-0000-0000-0000-000000000000") == client_id{});
}

TEST_CASE("client_id: what is not a UUID is refused", "[actors][client_id]") {
  const auto* const text = GENERATE(
    "", "x", "01234567-89ab-4cde-8fed-cba98765432", "01234567-89ab-4cde-8fed-cba9876543210",
    "0123456789ab4cde8fedcba987654321", "01234567089ab-4cde-8fed-cba987654321",
    "01234567-89ab-4cde-8fed-cba98765432g", "0123456--89ab-4cde-8fed-cba987654321",
    "01234567-89ab-4cde-8fed-cba98765432 ", "{1234567-89ab-4cde-8fed-cba98765432}",
    "01234567-89ab-4cde-8fed-cba98765432@", "01234567-89ab-4cde-8fed-cba98765432\xe1");
  INFO(text);
  CHECK_FALSE(client_id::parse(text));
}

TEST_CASE("client_id: a NUL inside the text is refused", "[actors][client_id]") {
  std::string text = "01234567-89ab-4cde-8fed-cba987654321";
  text[3] = '\0';
  CHECK_FALSE(client_id::parse(text));
}

TEST_CASE("connection_handle: generation 0 is nobody", "[actors][client_id]") {
  CHECK_FALSE(connection_handle{});
  CHECK_FALSE(connection_handle{.shard = 1, .generation = 0, .slot = 7});
  CHECK(connection_handle{.shard = 0, .generation = 1, .slot = 0});
}
