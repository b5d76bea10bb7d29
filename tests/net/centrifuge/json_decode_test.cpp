// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "samples.hpp"
#include "support/catch.hpp"

using namespace troupe::net::centrifuge;
using namespace troupe::net::centrifuge::test;

namespace {

/// The one command of a message that has to be valid.
template <class Request>
Request only(std::string_view message) {
  const auto result = decode_all(json(), message);
  CAPTURE(message, result.violation);
  REQUIRE(result.violation.empty());
  REQUIRE(result.commands.size() == 1);
  return std::get<Request>(result.commands.front().body);
}

} // namespace

TEST_CASE("json: commands come in the order of their lines", "[net][centrifuge][json]") {
  const auto message = R"({"connect":{"token":"T","name":"js"},"id":1})"
                       "\n"
                       R"({"subscribe":{"channel":"news","flag":1},"id":2})";
  for (const std::string ending : {"", "\n"}) {
    const auto result = decode_all(json(), message + ending);
    CHECK(result.violation.empty());
    REQUIRE(result.commands.size() == 2);
    CHECK(result.commands[0].id == 1);
    CHECK(std::get<connect_request>(result.commands[0].body).token == "T");
    CHECK(std::get<connect_request>(result.commands[0].body).name == "js");
    CHECK(result.commands[1].id == 2);
    CHECK(std::get<subscribe_request>(result.commands[1].body).channel == "news");
    CHECK(std::get<subscribe_request>(result.commands[1].body).flag == 1);
  }
}

TEST_CASE("json: what came before a violation is still told", "[net][centrifuge][json]") {
  const auto result = decode_all(json(), "{\"id\":1,\"connect\":{}}\n\n{\"id\":2,\"rpc\":{}}");
  CHECK(result.commands.size() == 1);
  CHECK_FALSE(result.violation.empty());
}

TEST_CASE("json: messages that are violations", "[net][centrifuge][json]") {
  for (const std::string message : {
           "",
           "\n",
           " ",
           "{}\n\n",
           "\n{}",
           "not json",
           "null",
           "1",
           "\"{}\"",
           "[]",
           "[{}]",
           "{",
           "{}{}",
           "{} x",
           R"({"id":1,"rpc":{"data":{"a":1}})",
           R"({"id":1,"rpc":{"data":nonsense}})",
           R"({"id":1,"rpc":{"data":{"a" 1}}})",
           R"({"id":1,"rpc":{"data":"\x"}})",
           R"({"id":1,"rpc":{"data":01}})",
           R"({"id":1,"rpc":{},"unknown":tru})",
           R"({"id":1,'rpc':{}})",
           R"({"id":1,"rpc":{},})",
           "{\"id\":1,\"rpc\":{\"data\":\"\xff\"}}",
           "{\"id\":1,\"rpc\":{\"data\":\"\t\"}}",
           R"({"id":"1","connect":{}})",
           R"({"id":-1,"connect":{}})",
           R"({"id":1.0,"connect":{}})",
           R"({"id":4294967296,"connect":{}})",
           R"({"id":true,"connect":{}})",
           R"({"id":1,"connect":[]})",
           R"({"id":1,"connect":"x"})",
           R"({"id":1,"connect":{"token":1}})",
           R"({"id":1,"connect":{"subs":[]}})",
           R"({"id":1,"connect":{"subs":{"a":1}}})",
           R"({"id":1,"connect":{"headers":{"a":1}}})",
           R"({"id":1,"connect":{},"publish":1})",
           R"({"id":1,"subscribe":{"channel":"a","recover":1}})",
           R"({"id":1,"subscribe":{"channel":"a","offset":-1}})",
           R"({"id":1,"subscribe":{"channel":"a","offset":18446744073709551616}})",
           R"({"id":1,"subscribe":{"channel":"a","type":2147483648}})",
           R"({"id":1,"subscribe":{"channel":"a","tf":[]}})",
           R"({"id":1,"subscribe":{"channel":"a","tf":{"vals":"x"}}})",
           R"({"id":1,"subscribe":{"channel":"a","tf":{"nodes":[1]}}})",
           R"({"id":1,"subscribe":{"channel":"\ud800"}})",
           R"({"id":1,"history":{"channel":"a","limit":"1"}})",
           R"({"id":1,"subscribe":{"channel":""}})",
           R"({"id":1,"subscribe":{}})",
           R"({"id":1,"subscribe":{"channel":"a","delta":"xdelta"}})",
           R"({"id":1,"publish":{"data":1}})",
           R"({"id":5,"foo":{}})",
           R"({"id":5,"ping":{}})",
           R"({"id":5})",
           R"({"id":5,"connect":null})",
       }) {
    CAPTURE(message);
    CHECK_FALSE(decode_all(json(), message).violation.empty());
  }
}

TEST_CASE("json: a command without id is a pong", "[net][centrifuge][json]") {
  for (const std::string message :
       {"{}", " {} ", "{}\r", R"({"id":0})", R"({"id":null})", R"({"connect":{}})"}) {
    CAPTURE(message);
    only<pong>(message);
  }
  CHECK(decode_all(json(), "{}\n{}\n").commands.size() == 2);
}

TEST_CASE("json: every field of every request is read", "[net][centrifuge][json]") {
  const auto connect = only<connect_request>(
      R"({"id":1,"connect":{"token":"T","data":{"a":1},"name":"js","version":"1.0","headers":{"h":"v"},)"
      R"("subs":{"c":{"recover":true,"offset":4,"epoch":"e","delta":"fossil"},"d":{}}}})");
  CHECK(connect.token == "T");
  CHECK(connect.data.bytes == R"({"a":1})");
  CHECK(connect.name == "js");
  CHECK(connect.version == "1.0");
  CHECK(connect.headers == std::map<std::string, std::string>{{"h", "v"}});
  REQUIRE(connect.subs.size() == 2);
  CHECK(connect.subs.at("c").recover);
  CHECK(connect.subs.at("c").offset == 4);
  CHECK(connect.subs.at("c").epoch == "e");
  CHECK(connect.subs.at("c").delta == "fossil");

  const auto subscribe = only<subscribe_request>(
      R"({"id":2,"subscribe":{"channel":"c","token":"T","recover":true,"epoch":"e","offset":18446744073709551615,)"
      R"("data":[1],"positioned":true,"recoverable":true,"join_leave":true,"delta":"fossil","flag":3,"type":4,)"
      R"("tf":{"op":"and","nodes":[{"key":"k","cmp":"in","vals":["a","b"]},{"key":"k","cmp":"eq","val":"v"}]}}})");
  CHECK(subscribe.channel == "c");
  CHECK(subscribe.token == "T");
  CHECK(subscribe.recover);
  CHECK(subscribe.epoch == "e");
  CHECK(subscribe.offset == UINT64_MAX);
  CHECK(subscribe.data.bytes == "[1]");
  CHECK(subscribe.positioned);
  CHECK(subscribe.recoverable);
  CHECK(subscribe.join_leave);
  CHECK(subscribe.delta == "fossil");
  CHECK(subscribe.flag == 3);
  CHECK(subscribe.type == 4);
  REQUIRE(subscribe.filter);
  CHECK(subscribe.filter->op == "and");
  REQUIRE(subscribe.filter->nodes.size() == 2);
  CHECK(subscribe.filter->nodes[0].key == "k");
  CHECK(subscribe.filter->nodes[0].cmp == "in");
  CHECK(subscribe.filter->nodes[0].vals == std::vector<std::string>{"a", "b"});
  CHECK(subscribe.filter->nodes[1].val == "v");

  CHECK(only<unsubscribe_request>(R"({"id":3,"unsubscribe":{"channel":"c"}})").channel == "c");
  const auto publish =
      only<publish_request>(R"({"id":4,"publish":{"channel":"c","data":{},"type":1}})");
  CHECK(publish.channel == "c");
  CHECK(publish.data.bytes == "{}");
  CHECK(publish.type == 1);
  CHECK(only<presence_request>(R"({"id":5,"presence":{"channel":"c"}})").channel == "c");
  CHECK(only<presence_stats_request>(R"({"id":6,"presence_stats":{"channel":"c"}})").channel ==
        "c");
  const auto history = only<history_request>(
      R"({"id":7,"history":{"channel":"c","limit":-1,"since":{"offset":2,"epoch":"e"},"reverse":true}})");
  CHECK(history.channel == "c");
  CHECK(history.limit == -1);
  CHECK(history.since == stream_position{2, "e"});
  CHECK(history.reverse);
  CHECK_FALSE(only<history_request>(R"({"id":7,"history":{"channel":"c"}})").since);
  const auto rpc = only<rpc_request>(R"({"id":8,"rpc":{"method":"m","data":"x"}})");
  CHECK(rpc.method == "m");
  CHECK(rpc.data.bytes == "\"x\"");
  CHECK(only<send_request>(R"({"send":{"data":1}})").data.bytes == "1");
  CHECK(only<refresh_request>(R"({"id":9,"refresh":{"token":"T"}})").token == "T");
  const auto sub_refresh =
      only<sub_refresh_request>(R"({"id":9,"sub_refresh":{"channel":"c","token":"T"}})");
  CHECK(sub_refresh.channel == "c");
  CHECK(sub_refresh.token == "T");
}

TEST_CASE("json: payloads keep their exact bytes", "[net][centrifuge][json]") {
  for (const std::string data : {
           R"({"b":1,  "a":[ 1 ,2.50, 1e3, -0 ], "s":"A\/\n"})",
           R"("a \"quoted\" \\ text")",
           R"("half an emoji: \ud83d")",
           R"("\ud83d\ude00 and \\ud83d")",
           "\"\xf0\x9f\x98\x80 raw\"",
           "123456789012345678901234567890",
           "-1.5e400",
           "0",
           "true",
           "null",
           "[]",
           "{}",
           "[[[[]]]]",
           "\"\"",
       }) {
    CAPTURE(data);
    const auto publish =
        only<publish_request>(R"({"id":1,"publish":{"data":)" + data + R"(,"channel":"c"}})");
    CHECK(publish.data.bytes == data);
    CHECK(publish.data.is_json);
    // Last before the end, with space around it.
    CHECK(only<send_request>("{\"send\":{\"data\": \t" + data + "\r } }  ").data.bytes == data);
  }
}

TEST_CASE("json: a missing payload is empty", "[net][centrifuge][json]") {
  CHECK(only<publish_request>(R"({"id":1,"publish":{"channel":"c"}})").data.empty());
}

TEST_CASE("json: unknown fields are ignored wherever they are", "[net][centrifuge][json]") {
  const auto publish = only<publish_request>(
      R"({"x":{"connect":{}},"id":1,"publish":{"y":[1,{"channel":"no"}],"channel":"c","key":1,"data":1},"z":null})");
  CHECK(publish.channel == "c");
}

TEST_CASE("json: null stands for a field that is not there", "[net][centrifuge][json]") {
  const auto result = only<subscribe_request>(
      R"({"id":1,"connect":null,"subscribe":{"channel":"c","token":null,"recover":null,"offset":null,"tf":null}})");
  CHECK(result.channel == "c");
  CHECK_FALSE(result.filter);
}

TEST_CASE("json: names may be written with escapes", "[net][centrifuge][json]") {
  CHECK(only<unsubscribe_request>(
            R"({"\u0069d":1,"unsubscr\u0069be":{"channel":"\u0063\ud83d\ude00"}})")
            .channel == "c\U0001f600");
}

TEST_CASE("json: the first request in the protocol's order wins", "[net][centrifuge][json]") {
  only<connect_request>(R"({"id":1,"subscribe":{"channel":"c"},"connect":{}})");
  only<connect_request>(R"({"id":1,"connect":{},"subscribe":{"channel":"c"}})");
  only<history_request>(
      R"({"id":1,"sub_refresh":{"channel":"c"},"rpc":{},"history":{"channel":"c"}})");
  only<publish_request>(R"({"id":1,"presence":{"channel":"c"},"publish":{"channel":"c"}})");
}

TEST_CASE("json: nesting is bounded", "[net][centrifuge][json]") {
  const auto nested = [](std::size_t levels) {
    return R"({"send":{"data":)" + std::string(levels, '[') + std::string(levels, ']') + "}}";
  };
  CHECK(decode_all(json(), nested(max_json_depth - 2)).violation.empty());
  CHECK_FALSE(decode_all(json(), nested(max_json_depth - 1)).violation.empty());
  CHECK_FALSE(decode_all(json(), nested(30'000)).violation.empty());
  std::string filter = R"({"key":"k","cmp":"ex"})";
  for (int i = 0; i < 3000; ++i) filter = R"({"op":"not","nodes":[)" + filter + "]}";
  CHECK_FALSE(decode_all(json(), R"({"id":1,"subscribe":{"channel":"c","tf":)" + filter + "}}")
                  .violation.empty());
}

TEST_CASE("json: a payload is checked once it comes from elsewhere", "[net][centrifuge][json]") {
  CHECK(make_payload(R"({"a":1})").is_json);
  CHECK(make_payload(" 1\n").is_json);
  CHECK_FALSE(make_payload("\xff\xfe").is_json);
  CHECK_FALSE(make_payload("").is_json);
  CHECK_FALSE(make_payload("{} {}").is_json);
  CHECK_FALSE(make_payload("\"\xed\xa0\x80\"").is_json); // a surrogate in UTF-8
  CHECK_FALSE(make_payload(R"("\ud8")").is_json);
  CHECK_FALSE(make_payload(R"("\uD")").is_json);
  CHECK_FALSE(make_payload(R"(\ud83d)").is_json);
  CHECK(make_payload(R"("\ud83d")").is_json);
}
