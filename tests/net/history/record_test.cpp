// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/history/record.hpp>

#include "support/catch.hpp"

using namespace troupe::centrifuge;
using namespace troupe::net::history;

TEST_CASE("history record: a publication comes back as it was", "[net][history]") {
  publication p{.data = {R"({"a":1})", true}, .info = std::nullopt, .epoch = {}, .tags = {{"k", "v"}, {"", "\xff"}}};
  SECTION("of the server") {}
  SECTION("of a client") {
    p.info = client_info{"user \xff", "client", {"conn", false}, {"[]", true}};
  }
  const auto again = decode_record(encode_record(p));
  REQUIRE(again);
  CHECK(again->data.bytes == p.data.bytes);
  CHECK(again->data.is_json);
  CHECK(again->tags == p.tags);
  REQUIRE(again->info.has_value() == p.info.has_value());
  if (!p.info) return;
  CHECK(again->info->user == p.info->user);
  CHECK(again->info->client == "client");
  CHECK(again->info->conn_info.bytes == "conn");
  CHECK_FALSE(again->info->conn_info.is_json);
  CHECK(again->info->chan_info.is_json);
}

TEST_CASE("history record: offset and epoch are not part of it", "[net][history]") {
  publication p{.data = {"x", false}, .info = std::nullopt, .epoch = {}, .tags = {}};
  const auto without = encode_record(p);
  p.offset = 7;
  p.epoch = "e";
  CHECK(encode_record(p) == without);
}

TEST_CASE("history record: other bytes are none", "[net][history]") {
  CHECK_FALSE(decode_record(""));
  CHECK_FALSE(decode_record("\xff\xff"));
  CHECK_FALSE(decode_record("hello"));
}
