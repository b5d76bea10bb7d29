// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/emulation/request.hpp>

#include "support/catch.hpp"

using namespace troupe::net::emulation;

TEST_CASE("stream: what a client without a WebSocket says is read from JSON", "[net][emulation]") {
  const auto said = read_json(R"({"session":"0.a","node":"n","data":"{\"id\":1}\n{}","more":1})");
  REQUIRE(said);
  CHECK(said->session == "0.a");
  CHECK(said->node == "n");
  CHECK(said->data == "{\"id\":1}\n{}");
}

TEST_CASE("stream: JSON that names no session, node and data is no request", "[net][emulation]") {
  for (const auto* text : {"", "[]", "1", "{", "{}", R"({"session":"s","node":"n"})", R"({"session":"s","node":"n","data":1})",
                           R"({"session":null,"node":"n","data":""})", "{\"session\":\"\xff\",\"node\":\"n\",\"data\":\"\"}"}) {
    INFO(text);
    CHECK_FALSE(read_json(text));
  }
}

TEST_CASE("stream: JSON that is nested without end is refused, and does not end the server", "[net][emulation]") {
  CHECK_FALSE(read_json(std::string(65'536, '[')));
  CHECK_FALSE(read_json(R"({"data":)" + std::string(60'000, '[') + std::string(60'000, ']') + "}"));
}

TEST_CASE("stream: what a client says in Protobuf is read as it was written", "[net][emulation]") {
  const request said{"n", "0.a", std::string{"\x03\x08\x01\x00", 4}};
  const auto read = read_protobuf(write_protobuf(said));
  REQUIRE(read);
  CHECK(read->node == said.node);
  CHECK(read->session == said.session);
  CHECK(read->data == said.data);
  CHECK_FALSE(read_protobuf("\x0a"));
}

TEST_CASE("stream: Protobuf has the fields of the Centrifuge protocol: node, session and data", "[net][emulation]") {
  CHECK(write_protobuf({"n", "s", "d"}) == "\x0a\x01n\x12\x01s\x1a\x01" "d");
}
