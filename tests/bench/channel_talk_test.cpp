// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/channel_talk.hpp"

#include "support/catch.hpp"

#include <string>

using namespace troupe::app::bench::channel_talk;

TEST_CASE("what a server says is told by how it begins", "[app][bench][channel]") {
  struct row {
    std::string_view head;
    said is;
  };
  for (const auto& [head, is] : {
           row{R"({"id":1,"connect":{"client":"7b0c)", said::connected},
           row{R"({"id":2,"subscribe":{}})", said::subscribed},
           row{R"({"id":2,"error":{"code":103,"message":"permission denied"}})", said::refused},
           row{R"({"id":3,"publish":{}})", said::done},
           row{R"({"push":{"channel":"bench","pub":{"data":"TRPB)", said::published},
           row{R"({"push":{"channel":"bench","unsubscribe":{"code":2500}}})", said::other},
           row{"{}", said::ping},
           row{"TRPB", said::other},
           row{"", said::other},
       }) {
    CAPTURE(head);
    CHECK(what(head) == is);
  }
}

TEST_CASE("what is published is found again", "[app][bench][channel]") {
  std::string command;
  append_publish(command, "bench", 0, "TRPBxyz");
  CHECK(command == R"({"id":3,"publish":{"channel":"bench","data":"TRPBxyz"}})");
  CHECK(data_of(R"({"push":{"channel":"bench","pub":{"data":"TRPBxyz)") == "TRPBxyz");
  CHECK(data_of(R"({"push":{}})").empty());
}

TEST_CASE("channels are plain text in JSON", "[app][bench][channel]") {
  CHECK(is_plain("chat:room-1.a_B"));
  for (const auto* bad : {"a\"b", "a\\b", "a b", "a\n", "\xc3\xa9"}) CHECK_FALSE(is_plain(bad));
  CHECK(subscribe("bench") == R"({"id":2,"subscribe":{"channel":"bench"}})");
}
