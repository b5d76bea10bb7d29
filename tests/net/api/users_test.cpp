// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The API's methods for the connections of a user, in front of real clients in memory.
#include <troupe/net/api/api.hpp>

#include "net/centrifuge/client_node.hpp"

#include <nlohmann/json.hpp>

#include <string>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::tests;
using net::api::answer_call;
using nlohmann::json;

namespace {

using texts = std::vector<std::string>;
using Catch::Matchers::Contains;

std::int64_t in_seconds(std::chrono::seconds s) {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() + s).time_since_epoch().count();
}

class users_node : public client_node {
public:
  users_node() {
    net::api::api_settings all;
    all.shards = {home_shard()};
    all.channels = settings->channels;
    who = spawn_on(host(), net::api::api, std::make_shared<const net::api::api_settings>(std::move(all)));
    for (const auto* user : {"41", "42"}) tokens->connections[user] = {connection_grant{.user = user}};
    run();
  }
  ~users_node() { caf::anon_send_exit(who, caf::exit_reason::user_shutdown); }

  peer comes(const std::string& user = {}) {
    const auto p = open();
    send(p, user.empty() ? R"({"id":1,"connect":{}})" : R"({"id":1,"connect":{"token":")" + user + R"("}})");
    REQUIRE(p.frames().size() == 1);
    return p;
  }
  json answer(std::string method, const json& body, std::function<bool()> is_awaited = {}) {
    std::optional<net::decision> got;
    caf::anon_send(who, answer_call{std::move(method), body.dump(), net::api_errors::body,
                                    [&](net::decision d) { got = std::move(d); }, std::move(is_awaited)});
    run();
    REQUIRE(got);
    REQUIRE(got->status == 200);
    return json::parse(got->body);
  }
  void succeeds(std::string method, const json& body) {
    CHECK(answer(std::move(method), body) == json{{"result", json::object()}});
  }
  int error(std::string method, const json& body) {
    const auto a = answer(std::move(method), body);
    CAPTURE(a.dump());
    REQUIRE(a.contains("error"));
    return a["error"]["code"];
  }
  /// Which of these were closed, and how.
  static texts ends(const std::vector<peer>& all) {
    texts ended;
    for (const auto& p : all) ended.push_back(p.ended());
    return ended;
  }

  net::api::api_actor who;
};

} // namespace

TEST_CASE_METHOD(users_node, "api users: subscribe reaches every connection of the user and nobody else",
                 "[net][api][users]") {
  const auto a = comes("42"), b = comes("42"), c = comes("41"), d = comes();
  succeeds("subscribe", {{"user", "42"}, {"channel", "priv:a"}, {"info", {{"i", 1}}}, {"b64data", "Nw=="},
                         {"override", {{"join_leave", {{"value", true}}}}}});
  const texts told{R"({"push":{"channel":"priv:a","subscribe":{"data":7}}})"};
  CHECK(a.frames() == told);
  CHECK(b.frames() == told);
  CHECK((c.frames().empty() && d.frames().empty()));
  REQUIRE(book->subscribes.size() == 2);
  CHECK(book->subscribes[0].info.chan_info.bytes == R"({"i":1})");
  CHECK(book->subscribes[0].overrides.join_leave == true);
  CHECK_FALSE(book->subscribes[0].overrides.presence);
  CHECK(error("subscribe", {{"user", "42"}, {"channel", "priv:a"}}) == 100);
  succeeds("subscribe", {{"user", "nobody"}, {"channel", "priv:a"}});
}

TEST_CASE_METHOD(users_node, "api users: no user is everybody who is anonymous, and nobody who has not connected",
                 "[net][api][users]") {
  const auto a = comes("42"), b = comes(), c = open();
  succeeds("unsubscribe", {{"channel", "pub:a"}});
  succeeds("disconnect", json::object());
  CHECK(ends({a, b, c}) == texts{"", "3503 force disconnect", ""});
}

TEST_CASE_METHOD(users_node, "api users: client and session narrow it down", "[net][api][users]") {
  const auto a = comes("42"), b = comes("42");
  const auto of_a = a.id.to_string();
  succeeds("disconnect", {{"user", "42"}, {"session", "s"}});
  succeeds("disconnect", {{"user", "42"}, {"client", "no ID"}});
  succeeds("disconnect", {{"user", "41"}, {"client", of_a}});
  CHECK(ends({a, b}) == texts{"", ""});
  succeeds("disconnect", {{"user", "42"}, {"client", of_a}});
  CHECK(ends({a, b}) == texts{"3503 force disconnect", ""});
}

TEST_CASE_METHOD(users_node, "api users: recover_since is where the subscription begins", "[net][api][users]") {
  const auto a = comes("42");
  succeeds("subscribe", {{"user", "42"}, {"channel", "hist:a"}, {"recover_since", {{"offset", 7}, {"epoch", "ep"}}}});
  CHECK(book->subscribes.at(0).recover == stream_position{7, "ep"});
  CHECK_THAT(a.frames().at(0), Contains(R"("positioned":true)"));
}

TEST_CASE_METHOD(users_node, "api users: expire_at ends a subscription, unless it is over already",
                 "[net][api][users]") {
  const auto a = comes("42");
  CHECK(error("subscribe", {{"user", "42"}, {"channel", "pub:a"}, {"expire_at", in_seconds(-1s)}}) == 110);
  CHECK(book->subscribes.empty());
  settings->options.ping_interval = 0ms;
  succeeds("subscribe", {{"user", "42"}, {"channel", "pub:a"}, {"expire_at", in_seconds(5s)}});
}

TEST_CASE_METHOD(users_node, "api users: subscribe and unsubscribe say what is wrong", "[net][api][users]") {
  for (const auto* method : {"subscribe", "unsubscribe"}) {
    CHECK(error(method, {{"user", "42"}}) == 107);
    CHECK(error(method, {{"user", "42"}, {"channel", "nons:a"}}) == 102);
  }
  CHECK(error("subscribe", {{"channel", "pub:a"}, {"b64data", "*"}}) == 107);
  CHECK(error("subscribe", {{"channel", "pub:a"}, {"b64info", "*"}}) == 107);
}

TEST_CASE_METHOD(users_node, "api users: unsubscribe ends what a client or the server has subscribed",
                 "[net][api][users]") {
  const auto a = comes("42");
  ask(a, R"({"id":2,"subscribe":{"channel":"pub:a"}})");
  succeeds("unsubscribe", {{"user", "42"}, {"channel", "pub:a"}});
  CHECK_THAT(a.frames().at(0), Contains("\"code\":2000"));
  succeeds("unsubscribe", {{"user", "42"}, {"channel", "pub:a"}});
  CHECK(a.frames().empty());
}

TEST_CASE_METHOD(users_node, "api users: disconnect spares the whitelist and says what it is told to",
                 "[net][api][users]") {
  const auto a = comes("42"), b = comes("42"), c = comes("41");
  succeeds("disconnect", {{"user", "42"}, {"whitelist", {a.id.to_string()}},
                          {"disconnect", {{"code", 4500}, {"reason", "bye"}}}});
  CHECK(ends({a, b, c}) == texts{"", "4500 bye", ""});
  succeeds("disconnect", {{"user", "42"}});
  CHECK(ends({a}) == texts{"3503 force disconnect"});
}

TEST_CASE_METHOD(users_node, "api users: a code or a reason that no client could take is refused",
                 "[net][api][users]") {
  const auto told = [&](json how) { return answer("disconnect", {{"user", "x"}, {"disconnect", std::move(how)}}); };
  for (const auto code : {0, 1000, 2999, 5000})
    CHECK(told({{"code", code}, {"reason", "r"}})["error"]["code"] == 107);
  for (const auto code : {3000, 4999}) CHECK(told({{"code", code}, {"reason", "r"}}).contains("result"));
  CHECK(told({{"code", 4000}, {"reason", std::string(123, 'x')}}).contains("result"));
  CHECK(told({{"code", 4000}, {"reason", std::string(124, 'x')}})["error"]["code"] == 107);
  for (const auto* reason : {"1", "true", "{}", "\"x\""})
    CHECK(told({{"code", 4000}, {"reason", reason}})["error"]["code"] == 107);
}

TEST_CASE_METHOD(users_node, "api users: refresh moves the end of connections, or is it", "[net][api][users]") {
  const auto a = comes("42"), b = comes("41");
  succeeds("refresh", {{"user", "42"}, {"expire_at", in_seconds(100s)}, {"info", {{"n", 1}}}});
  CHECK_THAT(a.frames().at(0), Contains(R"("refresh":{"expires":true,"ttl":)"));
  ask(a, R"({"id":2,"subscribe":{"channel":"pub:a"}})");
  CHECK(book->subscribes.back().info.conn_info.bytes == R"({"n":1})");
  succeeds("refresh", {{"user", "42"}});
  CHECK(a.frames() == texts{R"({"push":{"refresh":{}}})"});
  succeeds("refresh", {{"user", "42"}, {"expired", true}});
  succeeds("refresh", {{"user", "41"}, {"expire_at", in_seconds(-1s)}});
  CHECK(ends({a, b}) == texts{"3005 connection expired", "3005 connection expired"});
}

TEST_CASE_METHOD(users_node, "api users: they work in a batch and in the older form", "[net][api][users]") {
  const auto a = comes("42");
  const auto batch = answer("batch", {{"commands",
    {{{"subscribe", {{"user", "42"}, {"channel", "pub:a"}}}}, {{"unsubscribe", {{"user", "42"}, {"channel", "pub:a"}}}},
     {{"refresh", {{"user", "42"}}}}, {{"disconnect", {{"user", "42"}}}}}}});
  CHECK(batch["replies"] == json::array({{{"subscribe", json::object()}}, {{"unsubscribe", json::object()}},
                                         {{"refresh", json::object()}}, {{"disconnect", json::object()}}}));
  CHECK(ends({a}) == texts{"3503 force disconnect"});
  const auto b = comes("42");
  CHECK(answer("", {{"id", 1}, {"method", "disconnect"}, {"params", {{"user", "42"}}}}) ==
        json{{"id", 1}, {"result", json::object()}});
  CHECK(ends({b}) == texts{"3503 force disconnect"});
}

TEST_CASE_METHOD(users_node, "api batch: nothing begins any more when nobody waits for it", "[net][api][users]") {
  const auto a = comes("42");
  bool awaited = true;
  book->subscribe = [&](const auto&) {
    awaited = false; // its time is over meanwhile
    return subscribe_result{};
  };
  const json commands{{{"subscribe", {{"user", "42"}, {"channel", "pub:a"}}}}, {{"disconnect", {{"user", "42"}}}}};
  answer("batch", {{"commands", commands}}, [&] { return awaited; });
  CHECK(book->subscribes.size() == 1);
  CHECK(ends({a}) == texts{""});
}

TEST_CASE_METHOD(users_node, "api users: hundreds of connections of one user are all reached", "[net][api][users]") {
  std::vector<peer> all;
  for (int i = 0; i < 250; ++i) all.push_back(comes("42"));
  succeeds("subscribe", {{"user", "42"}, {"channel", "priv:a"}});
  CHECK(book->subscribes.size() == 250);
  succeeds("disconnect", {{"user", "42"}, {"whitelist", {all[7].id.to_string()}}});
  const auto ended = ends(all);
  CHECK(std::ranges::count(ended, "3503 force disconnect") == 249);
}
