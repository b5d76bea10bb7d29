// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The frames in hexadecimal were written, or accepted, by the JavaScript client.
#include "samples.hpp"
#include "support/catch.hpp"

using namespace troupe::net::centrifuge;
using namespace troupe::net::centrifuge::test;
using namespace std::chrono_literals;

namespace {

decoded decode_hex(std::string_view hex) { return decode_all(protobuf(), from_hex(hex)); }

/// The one request of a frame that has to be valid, and have this ID.
template <class Request>
Request only(std::string_view hex, std::uint32_t id) {
  const auto result = decode_hex(hex);
  CAPTURE(hex, result.violation);
  REQUIRE(result.violation.empty());
  REQUIRE(result.commands.size() == 1);
  CHECK(result.commands.front().id == id);
  return std::get<Request>(result.commands.front().body);
}

template <class Message>
std::string encoded(const Message& message) {
  return to_hex(protobuf().encode(message).value());
}

} // namespace

TEST_CASE("protobuf: connect and subscribe in one frame", "[net][centrifuge][protobuf]") {
  const auto result = decode_hex("0b080122070a015422026a73"
                                 "0c08022a080a046e6577737001");
  CHECK(result.violation.empty());
  REQUIRE(result.commands.size() == 2);
  CHECK(result.commands[0].id == 1);
  CHECK(std::get<connect_request>(result.commands[0].body).token == "T");
  CHECK(std::get<connect_request>(result.commands[0].body).name == "js");
  CHECK(result.commands[1].id == 2);
  CHECK(std::get<subscribe_request>(result.commands[1].body).channel == "news");
  CHECK(std::get<subscribe_request>(result.commands[1].body).flag == 1);
}

TEST_CASE("protobuf: requests as the JavaScript client writes them",
          "[net][centrifuge][protobuf]") {
  const auto subscribe = only<subscribe_request>(
      "2508022a210a046e657773180132046162636438ac024801500158016206666f7373696c7001", 2);
  CHECK(subscribe.channel == "news");
  CHECK(subscribe.recover);
  CHECK(subscribe.epoch == "abcd");
  CHECK(subscribe.offset == 300);
  CHECK(subscribe.positioned);
  CHECK(subscribe.recoverable);
  CHECK(subscribe.join_leave);
  CHECK(subscribe.delta == "fossil");
  CHECK(subscribe.flag == 1);
  CHECK_FALSE(subscribe.filter);

  const auto publish = only<publish_request>("1308033a0f0a046e65777312077b2261223a317d", 3);
  CHECK(publish.channel == "news");
  CHECK(publish.data.bytes == R"({"a":1})");
  CHECK(publish.data.is_json);
  CHECK(only<presence_request>("0a080442060a046e657773", 4).channel == "news");
  CHECK(only<presence_stats_request>("0a08054a060a046e657773", 5).channel == "news");
  const auto history = only<history_request>(
      "210806521d0a046e65777338ffffffffffffffffff01420808051204616263644801", 6);
  CHECK(history.channel == "news");
  CHECK(history.limit == -1);
  CHECK(history.since == stream_position{5, "abcd"});
  CHECK(history.reverse);
  const auto rpc = only<rpc_request>("0a08076a060a017812016d", 7);
  CHECK(rpc.method == "m");
  CHECK(rpc.data.bytes == "x");
  CHECK_FALSE(rpc.data.is_json);
  CHECK(only<send_request>("0562030a0179", 0).data.bytes == "y");
  CHECK(only<unsubscribe_request>("0a080832060a046e657773", 8).channel == "news");
  only<pong>("00", 0);
}

TEST_CASE("protobuf: requests that the client was not seen to write",
          "[net][centrifuge][protobuf]") {
  // subs {"a": {recover, offset 4}}, headers {"h": "v"}, data, version
  const auto connect = only<connect_request>("1d"
                                             "0801"
                                             "2219"
                                             "1201ff"
                                             "1a09"
                                             "0a0161"
                                             "1204"
                                             "1801"
                                             "3804"
                                             "2a0131"
                                             "3206"
                                             "0a0168"
                                             "120176",
                                             1);
  CHECK(connect.data.bytes == "\xff");
  CHECK_FALSE(connect.data.is_json);
  REQUIRE(connect.subs.size() == 1);
  CHECK(connect.subs.at("a").recover);
  CHECK(connect.subs.at("a").offset == 4);
  CHECK(connect.version == "1");
  CHECK(connect.headers == std::map<std::string, std::string>{{"h", "v"}});
  // tf {op "not", nodes [{key "k", cmp "in", vals ["a", "b"]}]}, type 4
  const auto subscribe = only<subscribe_request>("1f"
                                                 "0801"
                                                 "2a1b"
                                                 "0a0163"
                                                 "6a14"
                                                 "0a036e6f74"
                                                 "320d"
                                                 "12016b"
                                                 "1a02696e"
                                                 "2a0161"
                                                 "2a0162"
                                                 "7804",
                                                 1);
  CHECK(subscribe.type == 4);
  REQUIRE(subscribe.filter);
  CHECK(subscribe.filter->op == "not");
  REQUIRE(subscribe.filter->nodes.size() == 1);
  CHECK(subscribe.filter->nodes[0].key == "k");
  CHECK(subscribe.filter->nodes[0].cmp == "in");
  CHECK(subscribe.filter->nodes[0].vals == std::vector<std::string>{"a", "b"});
  CHECK(only<refresh_request>("07"
                              "0801"
                              "7203"
                              "0a0154",
                              1)
            .token == "T");
  const auto refresh = only<sub_refresh_request>("0a"
                                                 "0801"
                                                 "7a06"
                                                 "0a0163"
                                                 "120154",
                                                 1);
  CHECK(refresh.channel == "c");
  CHECK(refresh.token == "T");
}

TEST_CASE("protobuf: messages that are violations", "[net][centrifuge][protobuf]") {
  for (const std::string hex : {
           "",
           "80",                       // prefix goes on
           "ffffffffffffffffffffff01", // prefix longer than any number
           "ffffffffffffffffff01",     // 2^64 - 1 bytes
           "8080808010",               // 2^32 bytes
           "01",                       // no body
           "0b080122070a015422026a",   // a byte missing
           "0108",                     // a field without value
           "020f08",                   // a wire type that does not exist
           "020001",                   // field number 0
           "0422020a05",               // a string longer than its message
           "0508012a0100",             // not a message inside
           "0908012a050a03ffffff",     // a channel that is not UTF-8
           "020801",                   // an id without request
           "0408015a00",               // ping
           "0408012a00",               // subscribe without channel
           "000080",                   // two pongs, then nonsense
       }) {
    CAPTURE(hex);
    CHECK_FALSE(decode_hex(hex).violation.empty());
  }
}

TEST_CASE("protobuf: what came before a violation is still told", "[net][centrifuge][protobuf]") {
  CHECK(decode_hex("000080").commands.size() == 2);
}

TEST_CASE("protobuf: unknown fields are ignored", "[net][centrifuge][protobuf]") {
  CHECK(only<unsubscribe_request>("10"
                                  "0801"
                                  "3206"
                                  "0a0163"
                                  "a20600"
                                  "a00601"
                                  "980601",
                                  1)
            .channel == "c");
}

TEST_CASE("protobuf: the first request in the protocol's order wins",
          "[net][centrifuge][protobuf]") {
  only<rpc_request>("06"
                    "0801"
                    "6200"
                    "6a00",
                    1); // send and rpc: rpc first
  only<connect_request>("06"
                        "0801"
                        "6a00"
                        "2200",
                        1); // rpc and connect
}

TEST_CASE("protobuf: filters nested too deep are a violation", "[net][centrifuge][protobuf]") {
  const auto field = [](std::string start, const std::string& body) {
    auto rest = body.size();
    for (; rest >= 128; rest /= 128) start += static_cast<char>(rest % 128 + 128);
    start += static_cast<char>(rest);
    return start += body;
  };
  std::string node;
  for (int i = 0; i < 5000; ++i) node = field("\x32", node);
  const auto subscribe = field("\x0a\x01\x63\x6a", node);
  const auto message = field("", field("\x08\x01\x2a", subscribe));
  CHECK(decode_all(protobuf(), message).violation == "not a Protobuf command");
}

TEST_CASE("protobuf: replies and pushes that the JavaScript client accepts",
          "[net][centrifuge][protobuf]") {
  connect_result connect;
  connect.client = "c1";
  connect.ping = 25s;
  connect.pong = true;
  CHECK(encoded(reply{1, connect}) == "0c08012a080a02633138194001");
  CHECK(encoded(reply{2, subscribe_result{}}) == "0408023200");
  CHECK(encoded(push{"news", plain(published("{}"))}) == "0e220c12046e657773220422027b7d");
  CHECK(encoded(reply{3, publish_result{}}) == "0408034200");
  CHECK(to_hex(protobuf().ping()) == "00");
}

TEST_CASE("protobuf: clients without a WebSocket are told where to send their commands, and why they have to go",
          "[net][centrifuge][protobuf]") {
  connect_result connect;
  connect.client = "c1";
  connect.where = {"s", "n"};
  CHECK(encoded(reply{1, connect}) == "0e08012a0a0a0263314a017352016e");
  CHECK(encoded(push{"", disconnect_push{3000, "r"}}) == "0a22085a0608b817120172");
}

TEST_CASE("protobuf: results without content are present", "[net][centrifuge][protobuf]") {
  CHECK(encoded(reply{3, unsubscribe_result{}}) == "0408033a00");
  CHECK(encoded(reply{3, presence_result{}}) == "0408034a00");
  CHECK(encoded(reply{3, presence_stats_result{}}) == "0408035200");
  CHECK(encoded(reply{3, history_result{}}) == "0408035a00");
  CHECK(encoded(reply{3, rpc_result{}}) == "0408036a00");
  CHECK(encoded(reply{3, refresh_result{}}) == "0408037200");
  CHECK(encoded(reply{3, sub_refresh_result{}}) == "0408037a00");
}

TEST_CASE("protobuf: results with content", "[net][centrifuge][protobuf]") {
  CHECK(encoded(reply{1, error_result(7, "m", true)}) == "0b0801120708071201"
                                                         "6d"
                                                         "1801");
  subscribe_result result;
  result.expires_in = 60s;
  result.positioned = result.recoverable = result.recovered = result.was_recovering = result.delta =
      true;
  result.position = {6, "e"};
  result.publications = {{published("12", 7), payload_form::delta, "d"}};
  result.data = json_payload("1");
  CHECK(encoded(reply{2, result}) == "23"
                                     "0802"
                                     "321f"
                                     "0801"
                                     "103c"
                                     "1801"
                                     "320165"
                                     "3a07"
                                     "220164"
                                     "3007"
                                     "4001"
                                     "4001"
                                     "4806"
                                     "5001"
                                     "5a0131"
                                     "6001"
                                     "6801");
}

TEST_CASE("protobuf: a publication for a pattern tells its channel and has no offset",
          "[net][centrifuge][protobuf]") {
  const rendition matched{published("1", 7), payload_form::plain, {}, "a.b"};
  CHECK(encoded(push{"a.*", matched}) == "21221f"
                                         "1203612e2a"
                                         "2218"
                                         "220131"
                                         "3a0e0a076368616e6e656c1203612e62"
                                         "5203612e62");
}

TEST_CASE("protobuf: payloads are arbitrary bytes", "[net][centrifuge][protobuf]") {
  publication raw;
  raw.data = {"\xff\xfe", false};
  CHECK(encoded(push{"c", plain(std::make_shared<const publication>(raw))}) == "0b22091201"
                                                                               "63"
                                                                               "22042202fffe");
}

TEST_CASE("protobuf: messages in one frame follow each other", "[net][centrifuge][protobuf]") {
  std::string frame;
  protobuf().join(frame, protobuf().ping());
  protobuf().join(frame, *protobuf().encode(reply{3, publish_result{}}));
  CHECK(to_hex(frame) == "000408034200");
}
