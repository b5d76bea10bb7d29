// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/api/reader.hpp>

#include "support/catch.hpp"

#include <string>

using namespace troupe::net::api;

namespace {

template <class Request>
Request read_as(std::string_view json) {
  const auto parsed = read_request(Request::method, json);
  REQUIRE(parsed);
  return std::get<Request>(std::get<command>(*parsed));
}

batch_request read_batch(std::string_view json) {
  const auto parsed = read_request("batch", json);
  REQUIRE(parsed);
  return std::get<batch_request>(*parsed);
}

} // namespace

TEST_CASE("api reader: every field of a publication", "[net][api][reader]") {
  const auto r = read_as<publish_request>(
    R"({"channel":"c","data":{"a": 1},"b64data":"eA==","skip_history":true,"tags":{"k":"v"},)"
    R"("idempotency_key":"i","delta":true,"version":18446744073709551615,"version_epoch":"e","new":[1]})");
  CHECK(r.channel == "c");
  CHECK(r.data.bytes == R"({"a": 1})");
  CHECK(r.data.is_json);
  CHECK(r.b64data == "eA==");
  CHECK(r.skip_history);
  CHECK(r.tags == tag_map{{"k", "v"}});
  CHECK(r.idempotency_key == "i");
  CHECK(r.delta);
  CHECK(r.version == 18446744073709551615ULL);
  CHECK(r.version_epoch == "e");
}

TEST_CASE("api reader: payloads keep every byte", "[net][api][reader]") {
  for (const auto* data : {R"({"a":  1.50, "b":[ ]})", "1e400", R"("\u00e4\ud800")", "null", "{\"a\":\n1}"})
    CHECK(read_as<publish_request>(std::string{R"({"data":)"} + data + "}").data.bytes == data);
}

TEST_CASE("api reader: a field that is not there is empty, and so is null but for payloads",
          "[net][api][reader]") {
  const auto r = read_as<history_request>(R"({"channel":null,"since":null})");
  CHECK(r.channel.empty());
  CHECK_FALSE(r.since);
  CHECK(read_as<publish_request>("{}").data.empty());
  CHECK(read_as<publish_request>(R"({"data":null})").data.bytes == "null");
}

TEST_CASE("api reader: what is no object, or has a field of a wrong type, is refused",
          "[net][api][reader]") {
  for (const auto* wrong : {"", " ", "1", "[]", "null", "{", "{}x", "{} {}", R"({"channel":1})", R"({"version":-1})",
                            R"({"delta":"true"})", R"({"tags":{"a":1}})", R"({"tags":[]})", R"({"data":})"}) {
    CAPTURE(wrong);
    CHECK_FALSE(read_request("publish", wrong));
  }
  CHECK_FALSE(read_request("history", R"({"limit":3000000000})"));
  CHECK_FALSE(read_request("broadcast", R"({"channels":["a",1]})"));
}

TEST_CASE("api reader: of a field that stands twice the last one counts", "[net][api][reader]") {
  CHECK(read_as<presence_request>(R"({"channel":"a","channel":"b"})").channel == "b");
}

TEST_CASE("api reader: a batch keeps the order of its commands", "[net][api][reader]") {
  const auto r = read_batch(
    R"({"parallel":true,"commands":[{"presence":{"channel":"a"}},{"publish":{"channel":"b","data":1}}]})");
  CHECK(r.parallel);
  REQUIRE(r.commands.size() == 2);
  CHECK(std::get<presence_request>(std::get<command>(r.commands[0])).channel == "a");
  CHECK(std::get<publish_request>(std::get<command>(r.commands[1])).data.bytes == "1");
}

TEST_CASE("api reader: a command of a batch that names no method is not found, null a bad request",
          "[net][api][reader]") {
  const auto r = read_batch(R"({"commands":[{},{"fly":{}},{"batch":{}},{"publish":null},null]})");
  REQUIRE(r.commands.size() == 5);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(std::get<error_code>(r.commands[i]) == error_code::method_not_found);
  CHECK(std::get<error_code>(r.commands[4]) == error_code::bad_request);
}

TEST_CASE("api reader: of two methods in a command the first of the table wins", "[net][api][reader]") {
  const auto r = read_batch(R"({"commands":[{"presence":{"channel":"a"},"publish":{"channel":"b"}}]})");
  CHECK(std::get<publish_request>(std::get<command>(r.commands[0])).channel == "b");
}

TEST_CASE("api reader: a batch with a malformed command is malformed", "[net][api][reader]") {
  for (const auto* wrong : {R"({"commands":{}})", R"({"commands":[1]})", R"({"commands":[{"publish":1}]})",
                            R"({"commands":[{"publish":{"channel":1}}]})", R"({"parallel":1})"})
    CHECK_FALSE(read_request("batch", wrong));
}

TEST_CASE("api reader: legacy commands stand back to back", "[net][api][reader]") {
  const auto r = read_legacy("{\"method\":\"publish\",\"params\":{\"channel\":\"a\",\"data\":1}}\n"
                             " {\"params\":{\"channel\":\"b\"},\"id\":\"x\",\"method\":\"presence\"}"
                             "{\"method\":\"info\"}{\"method\":\"fly\"}\n");
  REQUIRE(r);
  REQUIRE(r->size() == 4);
  CHECK(std::get<publish_request>(std::get<command>((*r)[0].what)).channel == "a");
  CHECK((*r)[0].id.empty());
  CHECK(std::get<presence_request>(std::get<command>((*r)[1].what)).channel == "b");
  CHECK((*r)[1].id.bytes == "\"x\"");
  CHECK(std::holds_alternative<info_request>(std::get<command>((*r)[2].what)));
  CHECK(std::get<error_code>((*r)[3].what) == error_code::method_not_found);
  for (const auto* wrong : {"", " \n", "{", "[]", "{\"method\":\"publish\",\"params\":1}", "{\"method\":\"info\"}x"})
    CHECK_FALSE(read_legacy(wrong));
}

TEST_CASE("api reader: it knows its methods", "[net][api][reader]") {
  for (const auto* known : {"publish", "broadcast", "presence", "presence_stats", "history", "history_remove",
                            "channels", "info", "rpc", "batch", "connections", "send"})
    CHECK(is_method(known));
  for (const auto* unknown : {"", "Publish", "publish/", "block_user"}) CHECK_FALSE(is_method(unknown));
}
