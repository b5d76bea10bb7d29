// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The API's methods for connections, in front of real ones in memory.
#include <troupe/net/api/api.hpp>

#include "actors/node.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <set>
#include <string>

using namespace troupe;
using namespace troupe::net::api;
using namespace troupe::tests;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

class api_node : public node {
public:
  explicit api_node(node_options o = {}, net::api_options options = {}) : node(o) {
    api_settings all;
    all.options = options;
    all.shards = shards;
    all.registry = registry;
    all.max_message_bytes = 1000;
    who = spawn_on(host(), troupe::net::api::api, std::make_shared<const api_settings>(std::move(all)));
    run();
  }
  ~api_node() { caf::anon_send_exit(who, caf::exit_reason::user_shutdown); }

  json answer(std::string method, const json& body) {
    std::optional<net::decision> got;
    caf::anon_send(who, answer_call{std::move(method), body.dump(), net::api_errors::body,
                                    [&](net::decision d) { got = std::move(d); }});
    run();
    REQUIRE(got);
    REQUIRE(got->status == 200);
    return json::parse(got->body);
  }
  json result(std::string method, const json& body) {
    const auto a = answer(std::move(method), body);
    CAPTURE(a.dump());
    REQUIRE(a.contains("result"));
    return a["result"];
  }
  int error(std::string method, const json& body) {
    const auto a = answer(std::move(method), body);
    CAPTURE(a.dump());
    REQUIRE(a.contains("error"));
    return a["error"]["code"];
  }
  /// IDs over all pages, and their number.
  std::multiset<std::string> ids(json asked) {
    std::multiset<std::string> found;
    pages = 0;
    while (true) {
      const auto page = result("connections", asked);
      ++pages;
      for (const auto& each : page["connections"]) found.insert(each["client"].get<std::string>());
      if (!page.contains("cursor")) return found;
      asked["cursor"] = page["cursor"];
    }
  }

  api_actor who;
  std::size_t pages = 0;
};

json receipt_of(int matched, int queued, int dropped) {
  return {{"matched", matched}, {"queued", queued}, {"dropped", dropped}};
}

} // namespace

TEST_CASE("api connections: a connection is told with what it belongs to", "[net][api][connections]") {
  api_node n;
  const auto a = n.connect({.user = "42", .groups = {"red", "tall"}, .labels = {"beta"}});
  n.advance(5s);
  const auto all = n.result("connections", json::object());
  CHECK_FALSE(all.contains("cursor"));
  REQUIRE(all["connections"].size() == 1);
  CHECK(all["connections"][0] == json{{"client", a.id.to_string()}, {"user", "42"}, {"transport", "memory"},
                                      {"groups", {"red", "tall"}}, {"labels", {"beta"}}, {"age", 5}, {"idle", 5}});
}

TEST_CASE("api connections: they are found by how long they are silent and alive", "[net][api][connections]") {
  api_node n;
  const auto a = n.connect();
  n.advance(10s);
  const auto b = n.connect();
  n.advance(10s);
  a->client_sends("hello");
  n.run();
  n.advance(5s);
  const auto ids = [&](json asked) { return n.ids(std::move(asked)); };
  const auto of = [](const auto&... each) { return std::multiset<std::string>{each.id.to_string()...}; };
  CHECK(ids({{"min_age", 25}}) == of(a));
  CHECK(ids({{"min_age", 26}}).empty());
  CHECK(ids({{"min_age", 15}}) == of(a, b));
  CHECK(ids({{"min_idle", 15}}) == of(b));
  CHECK(ids({{"min_idle", 5}}) == of(a, b));
  CHECK(ids({{"min_idle", 6}}) == of(b));
}

TEST_CASE("api users: disconnect closes connections of /ws as well", "[net][api][connections]") {
  api_node n({.hosts = 2});
  const auto a = n.connect({.user = "42", .host = 0});
  const auto b = n.connect({.user = "42", .host = 1});
  const auto c = n.connect({.host = 1});
  const auto code = [](const client& who) { return who->closing() ? who->closing()->code : 0; };
  n.result("disconnect", {{"user", "42"}});
  CHECK((code(a) == 4001 && code(b) == 4001 && code(c) == 0));
  n.result("disconnect", {{"disconnect", {{"code", 4100}, {"reason", "later"}}}});
  CHECK(code(c) == 4100);
}

TEST_CASE("api connections: filters narrow it down together", "[net][api][connections]") {
  api_node n({.hosts = 2});
  const auto a = n.connect({.user = "1", .groups = {"red"}, .labels = {"x"}, .host = 0});
  const auto b = n.connect({.user = "1", .groups = {"blue"}, .labels = {"x"}, .host = 1});
  const auto c = n.connect({.user = "2", .groups = {"red"}, .host = 1});
  const auto ids = [&](json asked) { return n.ids(std::move(asked)); };
  const auto of = [](const auto&... each) { return std::multiset<std::string>{each.id.to_string()...}; };
  CHECK(ids(json::object()) == of(a, b, c));
  CHECK(ids({{"user", "1"}}) == of(a, b));
  CHECK(ids({{"group", "red"}}) == of(a, c));
  CHECK(ids({{"label", "x"}}) == of(a, b));
  CHECK(ids({{"user", "1"}, {"group", "red"}, {"label", "x"}}) == of(a));
  CHECK(ids({{"user", "2"}, {"label", "x"}}).empty());
  CHECK(ids({{"user", "nobody"}}).empty());
  CHECK(ids({{"transport", "memory"}}) == of(a, b, c));
  CHECK(ids({{"transport", "centrifuge-json"}}).empty());
  CHECK(n.error("connections", {{"transport", "morse"}}) == 107);
}

TEST_CASE("api connections: pages tell each connection once, while others come and go",
          "[net][api][connections]") {
  api_node n({.hosts = 2, .slice = 7});
  std::multiset<std::string> stays;
  std::vector<client> all;
  for (std::size_t i = 0; i < 250; ++i) {
    all.push_back(n.connect({.groups = {"g"}, .host = i % 2}));
    stays.insert(all.back().id.to_string());
  }
  for (const auto& asked : {json{{"limit", 40}}, json{{"limit", 40}, {"group", "g"}}}) {
    CHECK(n.ids(asked) == stays);
    CHECK(n.pages == 7);
  }
  const auto first = n.result("connections", {{"limit", 100}});
  n.connect({.host = 0});
  all[249]->client_closes();
  n.run();
  const auto rest = n.ids({{"cursor", first["cursor"]}, {"limit", 1000}});
  for (std::size_t i = 0; i < 249; ++i) {
    const auto id = all[i].id.to_string();
    const bool early = std::ranges::any_of(first["connections"], [&](const json& c) { return c["client"] == id; });
    CHECK(rest.count(id) == (early ? 0U : 1U));
  }
}

TEST_CASE("api connections: pages have a limit of their own", "[net][api][connections]") {
  api_node n;
  for (int i = 0; i < 1001; ++i) n.connect();
  CHECK(n.result("connections", json::object())["connections"].size() == 100);
  CHECK(n.result("connections", {{"limit", 5000}})["connections"].size() == 1000);
}

TEST_CASE("api connections: a page ends early at the bound of answers", "[net][api][connections]") {
  api_node n({}, {.max_response_bytes = 1});
  for (int i = 0; i < 250; ++i) n.connect();
  CHECK(n.ids({{"limit", 1000}}).size() == 250);
  CHECK(n.pages == 3);
}

TEST_CASE("api connections: a cursor that is none is refused", "[net][api][connections]") {
  api_node n;
  for (const auto* wrong : {"x", "1", "1-", "-1", "1-2x", "1-99999999999", "1--2"})
    CHECK(n.error("connections", {{"cursor", wrong}}) == 107);
  CHECK(n.result("connections", {{"cursor", "7-0"}})["connections"].empty());
}

TEST_CASE("api send: it reaches exactly those it names, with a receipt", "[net][api][send]") {
  api_node n({.hosts = 2});
  const auto a = n.connect({.user = "1", .groups = {"room-a"}, .host = 0});
  const auto b = n.connect({.user = "1", .groups = {"room-b", "room-c"}, .labels = {"x"}, .host = 1});
  const auto c = n.connect({.user = "2", .host = 1});
  const auto reached = [&](json to) {
    to["text"] = "hi";
    const auto told = n.result("send", to);
    std::string who;
    for (const auto& [name, each] : {std::pair{'a', a}, {'b', b}, {'c', c}})
      for (const auto& text : each->client_reads_payloads()) {
        CHECK(text == "hi");
        who += name;
      }
    CHECK(told == receipt_of(static_cast<int>(who.size()), static_cast<int>(who.size()), 0));
    return who;
  };
  CHECK(reached({{"everyone", true}}) == "abc");
  CHECK(reached({{"user", "1"}}) == "ab");
  CHECK(reached({{"client", c.id.to_string()}}) == "c");
  CHECK(reached({{"group", "room-a"}}) == "a");
  CHECK(reached({{"groups", "room-*"}}) == "ab");
  CHECK(reached({{"groups", "room-[bc]"}}) == "b");
  CHECK(reached({{"label", "x"}}) == "b");
  CHECK(reached({{"user", "nobody"}}).empty());
}

TEST_CASE("api send: data goes as text, bytes as a binary message", "[net][api][send]") {
  api_node n;
  const auto a = n.connect();
  const auto frames = [&](json content) {
    content["everyone"] = true;
    n.result("send", content);
    return a->client_reads();
  };
  CHECK(frames({{"data", {{"n", 1}}}}) == std::vector<testing::wire_message>{{opcode::text, R"({"n":1})"}});
  CHECK(frames({{"text", ""}}) == std::vector<testing::wire_message>{{opcode::text, ""}});
  CHECK(frames({{"b64data", "//4="}}) == std::vector<testing::wire_message>{{opcode::binary, "\xff\xfe"}});
}

TEST_CASE("api send: it takes one target, one content and a known policy", "[net][api][send]") {
  api_node n;
  CHECK(n.error("send", {{"text", "x"}}) == 107);
  CHECK(n.error("send", {{"text", "x"}, {"user", "1"}, {"group", "g"}}) == 107);
  CHECK(n.error("send", {{"everyone", true}}) == 107);
  CHECK(n.error("send", {{"everyone", true}, {"text", "x"}, {"data", 1}}) == 107);
  CHECK(n.error("send", {{"everyone", true}, {"b64data", "x"}}) == 107);
  CHECK(n.error("send", {{"client", "x"}, {"text", "x"}}) == 107);
  CHECK(n.error("send", {{"groups", "["}, {"text", "x"}}) == 107);
  CHECK(n.error("send", {{"everyone", true}, {"text", "x"}, {"overflow", "drop"}}) == 107);
  CHECK(n.error("send", {{"everyone", true}, {"text", std::string(1001, 'x')}}) == 106);
  CHECK(n.result("send", {{"everyone", true}, {"text", std::string(1000, 'x')}}) == receipt_of(0, 0, 0));
}

TEST_CASE("api send: what finds the node over its budget is error 111", "[net][api][send]") {
  api_node n{{.registry = {.max_pending_bytes = 100}}};
  CHECK(n.error("send", {{"everyone", true}, {"text", std::string(100, 'x')}}) == 111);
  CHECK(n.result("send", {{"everyone", true}, {"text", std::string(50, 'x')}}) == receipt_of(0, 0, 0));
  CHECK(n.total(&loop_counters::broadcasts_refused) == 1);
}
