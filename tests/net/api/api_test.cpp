// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The API's actor in front of real hubs, channels and shards, without a network.
#include <troupe/net/api/api.hpp>

#include <troupe/net/centrifuge/codecs.hpp>

#include "actors/centrifuge/channel_world.hpp"

#include <nlohmann/json.hpp>

#include <string>

using namespace troupe;
using namespace troupe::net;
using namespace troupe::net::api;
using namespace std::chrono_literals;
using troupe::centrifuge::channel_options;
using troupe::centrifuge::channels_config;
using troupe::centrifuge::test::world;
using document = nlohmann::json;

namespace {

channels_config spaces() {
  channel_options history = troupe::centrifuge::test::with_history();
  channel_options presence;
  presence.presence = true;
  channels_config config;
  config.namespaces = {{"pub", {}}, {"hist", history}, {"pres", presence}};
  return config;
}

class api_world : public world {
public:
  explicit api_world(api_options options = {}, std::size_t hosts = 1)
    : world({.namespaces = spaces().namespaces, .hosts = hosts}) {
    std::vector<const loop_counters*> counters;
    for (std::size_t i = 0; i < hosts; ++i) counters.push_back(&host(i).counters());
    who = spawn_on(host(), api::api,
                   std::make_shared<const api_settings>(api_settings{
                     .options = options,
                     .channels = std::make_shared<const troupe::centrifuge::namespaces>(spaces()),
                     .hubs = hubs,
                     .shards = shards,
                     .registry = {},
                     .counters = counters,
                     .uid = "uid",
                     .name = "node_8000",
                     .version = "1.2.3",
                     .started = host().now()}));
    run();
  }
  ~api_world() { caf::anon_send_exit(who, caf::exit_reason::user_shutdown); }

  decision call(std::string method, std::string body, api_errors errors = api_errors::body) {
    std::optional<decision> answer;
    caf::anon_send(who, answer_call{std::move(method), std::move(body), errors,
                                    [&](decision d) { answer = std::move(d); }});
    run();
    REQUIRE(answer);
    return *answer;
  }
  /// The body of an answer with status 200.
  document answer(std::string method, std::string body) {
    const auto d = call(std::move(method), std::move(body));
    REQUIRE(d.status == 200);
    CHECK(d.content_type == "application/json");
    return document::parse(d.body);
  }
  document result(std::string method, std::string body) {
    const auto a = answer(std::move(method), std::move(body));
    CAPTURE(a.dump());
    REQUIRE(a.contains("result"));
    return a["result"];
  }
  int error(std::string method, std::string body) {
    const auto a = answer(std::move(method), std::move(body));
    CAPTURE(a.dump());
    REQUIRE(a.contains("error"));
    CHECK(a.size() == 1);
    return a["error"]["code"];
  }

  api_actor who;
};

} // namespace

TEST_CASE("api: publish answers with the position, in channels with history", "[net][api]") {
  api_world w;
  const auto f = w.subscribed("a", "hist:a");
  const auto r = w.result("publish", R"({"channel":"hist:a","data":{"n": 1}})");
  CHECK(r["offset"] == 1);
  CHECK(r["epoch"].get<std::string>().size() == 8);
  CHECK(f->seen.back() == R"(plain:{"n": 1})");
  CHECK(w.result("publish", R"({"channel":"pub:a","data":1})") == document::object());
  CHECK(w.result("publish", R"({"channel":"hist:a","data":1,"skip_history":true})") == document::object());
}

TEST_CASE("api: publish says what is wrong", "[net][api]") {
  api_world w;
  CHECK(w.error("publish", "{}") == 107);
  CHECK(w.error("publish", R"({"channel":"pub:a"})") == 107);
  CHECK(w.error("publish", R"({"channel":"nons:a","data":1})") == 102);
  CHECK(w.error("publish", R"({"channel":"pub:a","b64data":"***"})") == 107);
  CHECK(w.result("publish", R"({"channel":"pub:a","data":null})") == document::object());
}

TEST_CASE("api: base64 wins over data", "[net][api]") {
  api_world w;
  const auto f = w.subscribed("a", "pub:a", {.codec = troupe::centrifuge::encoding::protobuf});
  w.result("publish", R"({"channel":"pub:a","data":1,"b64data":"//4="})");
  CHECK(f->seen.back() == "length+plain:\xff\xfe");
}

TEST_CASE("api: broadcast answers for each channel in their order", "[net][api]") {
  api_world w;
  const auto r = w.result("broadcast", R"({"channels":["hist:a","nons:b","pub:c",""],"data":1})")["responses"];
  REQUIRE(r.size() == 4);
  CHECK(r[0]["result"]["offset"] == 1);
  CHECK(r[1]["error"]["code"] == 102);
  CHECK(r[2] == document{{"result", document::object()}});
  CHECK(r[3]["error"]["code"] == 107);
  CHECK(w.error("broadcast", R"({"channels":[],"data":1})") == 107);
  CHECK(w.error("broadcast", R"({"channels":["pub:a"],"b64data":"x"})") == 107);
}

TEST_CASE("api: a broadcast to thousands of channels reaches them all", "[net][api]") {
  api_world w;
  document channels = document::array();
  for (int i = 0; i < 3000; ++i) channels.push_back("hist:" + std::to_string(i));
  const auto r = w.result("broadcast", document{{"channels", channels}, {"data", 1}}.dump())["responses"];
  REQUIRE(r.size() == 3000);
  for (const auto& each : r) CHECK(each["result"]["offset"] == 1);
}

TEST_CASE("api: presence and its numbers", "[net][api]") {
  api_world w;
  CHECK(w.result("presence", R"({"channel":"pres:a"})") == document{{"presence", document::object()}});
  w.subscribed("a", "pres:a", {}, "42");
  w.subscribed("b", "pres:a", {}, "42");
  const auto all = w.result("presence", R"({"channel":"pres:a"})")["presence"];
  CHECK(all["a"] == document{{"user", "42"}, {"client", "a"}});
  CHECK(w.result("presence_stats", R"({"channel":"pres:a"})") == document{{"num_clients", 2}, {"num_users", 1}});
  for (const auto* method : {"presence", "presence_stats"}) {
    CHECK(w.error(method, "{}") == 107);
    CHECK(w.error(method, R"({"channel":"nons:a"})") == 102);
    CHECK(w.error(method, R"({"channel":"pub:a"})") == 108);
  }
}

TEST_CASE("api: history in both directions, and its end", "[net][api]") {
  api_world w;
  for (int i = 1; i <= 5; ++i)
    w.result("publish", document{{"channel", "hist:a"}, {"data", i}}.dump());
  const auto read = [&](document options) {
    options["channel"] = "hist:a";
    std::vector<int> numbers;
    const auto kept = w.result("history", options.dump());
    for (const auto& p : kept["publications"]) numbers.push_back(p["data"]);
    return numbers;
  };
  using list = std::vector<int>;
  CHECK(read(document::object()) == list{});
  CHECK(read({{"limit", -1}}) == list{1, 2, 3, 4, 5});
  CHECK(read({{"limit", 2}, {"reverse", true}}) == list{5, 4});
  CHECK(read({{"limit", 2}, {"since", {{"offset", 2}}}}) == list{3, 4});
  const auto top = w.result("history", R"({"channel":"hist:a"})");
  CHECK(top["offset"] == 5);
  CHECK(w.error("history", R"({"channel":"hist:a","since":{"offset":1,"epoch":"x"}})") == 112);
  CHECK(w.error("history", R"({"channel":"hist:a","reverse":true,"since":{}})") == 107);
  CHECK(w.error("history", R"({"channel":"pub:a"})") == 108);
  CHECK(w.error("history", R"({"channel":""})") == 107);
  CHECK(w.result("history_remove", R"({"channel":"hist:a"})") == document::object());
  CHECK(w.result("history", R"({"channel":"hist:a","limit":-1})") ==
        document{{"publications", document::array()}, {"epoch", top["epoch"]}, {"offset", 5}});
  CHECK(w.error("history_remove", R"({"channel":"pub:a"})") == 108);
  CHECK(w.error("history_remove", R"({"channel":"nons:a"})") == 102);
}

TEST_CASE("api: a history beyond the bound of answers is refused", "[net][api]") {
  api_world w({.max_response_bytes = 2000});
  const std::string data = "\"" + std::string(998, 'x') + "\"";
  for (int i = 0; i < 2; ++i) w.result("publish", R"({"channel":"hist:a","data":)" + data + "}");
  CHECK(w.result("history", R"({"channel":"hist:a","limit":-1})")["publications"].size() == 2);
  w.result("publish", R"({"channel":"hist:a","data":1})");
  CHECK(w.error("history", R"({"channel":"hist:a","limit":-1})") == 106);
  CHECK(w.result("history", R"({"channel":"hist:a","limit":1})")["publications"].size() == 1);
}

TEST_CASE("api: channels lists those with subscribers on any loop, and how many", "[net][api]") {
  api_world w({}, 2);
  w.subscribed("a", "pub:a");
  w.subscribed("b", "pub:a", {}, {}, 1);
  w.subscribed("c", "hist:b", {}, {}, 1);
  w.result("publish", R"({"channel":"pub:empty","data":1})");
  CHECK(w.result("channels", "{}") ==
        document{{"channels", {{"pub:a", {{"num_clients", 2}}}, {"hist:b", {{"num_clients", 1}}}}}});
  CHECK(w.result("channels", R"({"pattern":"h*"})") == document{{"channels", {{"hist:b", {{"num_clients", 1}}}}}});
  CHECK(w.result("channels", R"({"pattern":"{x,pub:?}"})")["channels"].size() == 1);
  CHECK(w.error("channels", R"({"pattern":"["})") == 100);
}

TEST_CASE("api: info tells one node with its numbers", "[net][api]") {
  api_world w({}, 2);
  w.subscribed("a", "pub:a");
  w.subscribed("b", "pub:a", {}, {}, 1);
  w.subscribed("c", "pub:b", {}, {}, 1);
  w.advance(3s);
  CHECK(w.result("info", "{}") ==
        document{{"nodes", document::array({{{"uid", "uid"}, {"name", "node_8000"}, {"version", "1.2.3"}, {"num_clients", 3},
                                     {"num_users", 1}, {"num_channels", 2}, {"uptime", 3}, {"num_subs", 3}}})}});
}

TEST_CASE("api: a call of a method that nobody serves is not found", "[net][api]") {
  api_world w;
  CHECK(w.error("rpc", R"({"method":"x","params":{}})") == 104);
  CHECK(w.error("rpc", "{}") == 107);
}

TEST_CASE("api: a batch answers in the order of its commands", "[net][api]") {
  for (const bool parallel : {false, true}) {
    api_world w;
    document commands = document::array();
    for (int i = 0; i < 200; ++i)
      commands.push_back({{"publish", {{"channel", "hist:a"}, {"data", i}}}});
    commands.push_back({{"publish", {{"channel", "nons:b"}, {"data", 1}}}});
    commands.push_back({{"presence_stats", {{"channel", "pres:a"}}}});
    commands.push_back({{"fly", document::object()}});
    commands.push_back(nullptr);
    const auto replies = w.answer("batch", document{{"commands", commands}, {"parallel", parallel}}.dump())["replies"];
    REQUIRE(replies.size() == 204);
    for (int i = 0; i < 200; ++i) CHECK(replies[static_cast<std::size_t>(i)]["publish"]["offset"] == i + 1);
    CHECK(replies[200] == document{{"error", {{"code", 102}, {"message", "unknown channel"}}}});
    CHECK(replies[201]["presence_stats"]["num_clients"] == 0);
    CHECK(replies[202]["error"]["code"] == 104);
    CHECK(replies[203]["error"]["code"] == 107);
  }
}

TEST_CASE("api: results of a batch beyond the bound of answers become errors", "[net][api]") {
  api_world w({.max_response_bytes = 100});
  document commands = document::array();
  for (int i = 0; i < 20; ++i) commands.push_back({{"publish", {{"channel", "hist:a"}, {"data", i}}}});
  const auto replies = w.answer("batch", document{{"commands", commands}}.dump())["replies"];
  CHECK(replies.front().contains("publish"));
  CHECK(replies.back()["error"]["code"] == 106);
}

TEST_CASE("api: the legacy form answers a line for each command", "[net][api]") {
  api_world w;
  const auto d = w.call("", R"({"id":1,"method":"publish","params":{"channel":"hist:a","data":1}})"
                            "\n"
                            R"({"method":"publish","params":{"channel":"nons:a","data":1}})");
  CHECK(d.status == 200);
  const auto end = d.body.find('\n');
  REQUIRE(end != std::string::npos);
  const auto first = document::parse(d.body.substr(0, end));
  CHECK(first["id"] == 1);
  CHECK(first["result"]["offset"] == 1);
  CHECK(document::parse(d.body.substr(end + 1)) == document{{"error", {{"code", 102}, {"message", "unknown channel"}}}});
  CHECK(w.call("", "").status == 400);
}

TEST_CASE("api: malformed bodies are answered 400", "[net][api]") {
  api_world w;
  for (const auto* wrong : {"", "{", "[]", R"({"channel":1})"}) {
    const auto d = w.call("publish", wrong);
    CHECK(d.status == 400);
    CHECK(d.body == "Bad Request\n");
  }
}

TEST_CASE("api: errors have a status of their own in transport mode, but in batches", "[net][api]") {
  api_world w;
  const auto transport = [&](const char* method, const char* body) {
    return w.call(method, body, api_errors::transport);
  };
  const auto bad = transport("publish", "{}");
  CHECK(bad.status == 400);
  CHECK(bad.body == R"({"code":107,"message":"bad request"})");
  CHECK(transport("publish", R"({"channel":"nons:a","data":1})").status == 404);
  CHECK(transport("history", R"({"channel":"hist:a","since":{"epoch":"x"}})").status == 416);
  CHECK(transport("publish", R"({"channel":"pub:a","data":1})").body == R"({"result":{}})");
  CHECK(transport("batch", R"({"commands":[{"publish":{}}]})").status == 200);
  CHECK(transport("broadcast", R"({"channels":["nons:a"],"data":1})").status == 200);
  CHECK(transport("broadcast", R"({"channels":[],"data":1})").status == 400);
}
