// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Tokens of clients: every outcome of connect, subscribe, refresh and sub_refresh, and what time does.
#include "client_node.hpp"

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::tests;

namespace {

using texts = std::vector<std::string>;
using Catch::Matchers::Contains;

std::string error(int id, int code, std::string message) {
  return R"({"id":)" + std::to_string(id) + R"(,"error":{"code":)" + std::to_string(code) +
         R"(,"message":")" + message + "\"}}";
}

/// Tokens: good (42, a minute), open (42, no end), ann (43 with info), nobody (anonymous), server (42,
/// subscribed to pub:s and hist:s); sub (priv:a, a minute), and those that are worth nothing.
class token_node : public client_node {
public:
  explicit token_node(client_options options = {}) : client_node(std::move(options)) {
    auto& c = tokens->connections;
    c["good"] = {connection_grant{.user = "42", .expires_in = 60s}};
    c["open"] = {connection_grant{.user = "42"}};
    c["ann"] = {connection_grant{.user = "43", .info = {R"({"name":"Ann"})", true}}};
    c["nobody"] = {connection_grant{}};
    c["server"] = {connection_grant{.user = "42", .subs = {{"pub:s", {}}, {"hist:s", {.data = {"7", true}}}}}};
    c["elsewhere"] = {connection_grant{.user = "42", .subs = {{"nons:a", {}}}}};
    c["late"] = {token_fault::expired};
    c["over"] = {token_fault::over};
    c["later"] = {token_fault::unavailable};
    auto& s = tokens->subscriptions;
    const auto granted = [](std::string user, std::string channel) {
      return subscription_grant{.user = std::move(user), .channel = std::move(channel), .expires_in = 60s};
    };
    s["sub"] = {granted("42", "priv:a")};
    s["open"] = {subscription_grant{.user = "42", .channel = "priv:a"}};
    s["other user"] = {granted("43", "priv:a")};
    s["other channel"] = {granted("42", "priv:b")};
    auto one = granted("42", "priv:a");
    one.client = "00000000-0000-4000-8000-000000000000";
    s["other client"] = {one};
    s["late"] = {token_fault::expired};
    s["over"] = {token_fault::over};
    s["later"] = {token_fault::unavailable};
  }

  std::vector<std::string> connect_with(const peer& p, std::string_view token) {
    return ask(p, R"({"id":1,"connect":{"token":")" + std::string{token} + R"("}})");
  }
  peer connected(std::string_view token = "good") {
    auto p = open();
    const auto replies = connect_with(p, token);
    REQUIRE(replies.size() == 1);
    REQUIRE_THAT(replies[0], Contains("\"connect\":"));
    return p;
  }
  std::vector<std::string> subscribe_with(const peer& p, std::string_view token,
                                          std::string_view channel = "priv:a") {
    return ask(p, R"({"id":2,"subscribe":{"channel":")" + std::string{channel} + R"(","token":")" +
                      std::string{token} + R"("}})");
  }
  std::vector<std::string> refresh_with(const peer& p, std::string_view token) {
    return ask(p, R"({"id":3,"refresh":{"token":")" + std::string{token} + R"("}})");
  }
  std::vector<std::string> sub_refresh_with(const peer& p, std::string_view token,
                                            std::string_view channel = "priv:a") {
    return ask(p, R"({"id":4,"sub_refresh":{"channel":")" + std::string{channel} + R"(","token":")" +
                      std::string{token} + R"("}})");
  }
};

client_options without_pings() {
  client_options o;
  o.ping_interval = 0ms;
  return o;
}

} // namespace

// -- connect ---

TEST_CASE_METHOD(token_node, "tokens: a good one connects as its user and tells its time",
                 "[net][centrifuge][tokens]") {
  const auto p = open();
  const auto replies = connect_with(p, "good");
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Contains(R"("expires":true,"ttl":60)"));
  CHECK(p.ended().empty());
}

TEST_CASE_METHOD(token_node, "tokens: one without an end says nothing of time",
                 "[net][centrifuge][tokens]") {
  CHECK_THAT(connect_with(open(), "open")[0], !Contains("expires") && !Contains("ttl"));
}

TEST_CASE_METHOD(token_node, "tokens: those that do not connect end as the protocol says",
                 "[net][centrifuge][tokens]") {
  const auto refused = [&](std::string_view token) {
    const auto p = open();
    const auto replies = connect_with(p, token);
    REQUIRE(replies.size() == 1);
    CHECK(p.ended().empty()); // the client leaves by itself
    CHECK(ask(p, R"({"id":2,"rpc":{}})").empty());
    return replies[0];
  };
  CHECK(refused("late") == error(1, 109, "token expired"));
  CHECK(refused("over") == error(1, 110, "expired"));
  CHECK(refused("elsewhere") == error(1, 102, "unknown channel"));
  CHECK_THAT(refused("later"), Contains(R"("code":100)") && Contains(R"("temporary":true)"));
  const auto p = open();
  CHECK(connect_with(p, "forged").empty());
  CHECK(p.ended() == "3500 invalid token");
  const auto without = open();
  CHECK(ask(without, R"({"id":1,"connect":{}})").empty());
  CHECK(without.ended() == "3501 bad request");
}

TEST_CASE_METHOD(token_node, "tokens: an authenticator that fails leaves room to try again",
                 "[net][centrifuge][tokens]") {
  tokens->fails = true;
  CHECK_THAT(connect_with(open(), "good")[0], Contains(R"("temporary":true)"));
}

TEST_CASE("tokens: anonymous ones can be forbidden", "[net][centrifuge][tokens]") {
  token_node all;
  CHECK(all.connect_with(all.open(), "nobody").size() == 1);
  client_options o;
  o.disallow_anonymous_connection_tokens = true;
  token_node n{o};
  const auto p = n.open();
  CHECK(n.connect_with(p, "nobody").empty());
  CHECK(p.ended() == "3507 permission denied");
}

TEST_CASE_METHOD(token_node, "tokens: nothing is handled before the answer about the token",
                 "[net][centrifuge][tokens]") {
  tokens->silent = true;
  const auto p = open();
  send(p, R"({"id":1,"connect":{"token":"good"}})" "\n" R"({"id":2,"subscribe":{"channel":"pub:a"}})");
  send(p, R"({"id":3,"publish":{"channel":"pub:a","data":1}})");
  CHECK(p.frames().empty());
  CHECK(book->order.empty());
  tokens->answer();
  run();
  CHECK(book->order == texts{"subscribe pub:a", "publish pub:a"});
  CHECK(book->publishes[0].info->user == "42");
}

TEST_CASE_METHOD(token_node, "tokens: one whose answer takes too long is stale",
                 "[net][centrifuge][tokens]") {
  tokens->silent = true;
  const auto p = open();
  connect_with(p, "good");
  advance(10'100ms);
  CHECK(p.ended() == "3502 stale");
  tokens->answer();
  run();
  CHECK(p.frames().empty());
}

TEST_CASE_METHOD(token_node, "tokens: others see the connection's and the subscription's info",
                 "[net][centrifuge][tokens]") {
  tokens->subscriptions["with info"] = {subscription_grant{
      .user = "43", .channel = "pub:a", .terms = {.info = {R"({"role":"x"})", true}, .data = {"5", true}}}};
  const auto p = connected("ann");
  CHECK(subscribe_with(p, "with info", "pub:a") == texts{R"({"id":2,"subscribe":{"data":5}})"});
  send(p, R"({"id":3,"publish":{"channel":"pub:a","data":1}})");
  for (const auto& info : {book->subscribes[0].info, *book->publishes[0].info}) {
    CHECK(info.user == "43");
    CHECK(info.conn_info.bytes == R"({"name":"Ann"})");
    CHECK(info.chan_info.bytes == R"({"role":"x"})");
  }
}

TEST_CASE_METHOD(token_node, "tokens: their channels are subscribed with the connection",
                 "[net][centrifuge][tokens]") {
  const auto p = open();
  const auto replies = connect_with(p, "server");
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Contains(R"("pub:s":{})") && Contains(R"("data":7)"));
  CHECK(book->order == texts{"subscribe hist:s", "subscribe pub:s"});
  CHECK(ask(p, R"({"id":2,"subscribe":{"channel":"pub:s"}})") == texts{error(2, 105, "already subscribed")});
}

TEST_CASE_METHOD(token_node, "tokens: the shard knows the user and the labels of a connection",
                 "[net][centrifuge][tokens]") {
  tokens->connections["labelled"] = {connection_grant{.user = "42", .labels = {"admin"}}};
  const auto kick = [&](target whom) {
    caf::anon_send(home_shard(), close_connections{.to = std::move(whom)});
    run();
  };
  const auto other = connected("ann");
  const auto p = connected("labelled");
  kick(target::label("admin"));
  CHECK(p.ended() == "3503 force disconnect");
  CHECK(other.ended().empty());
  kick(target::user("43"));
  CHECK(other.ended() == "3503 force disconnect");
}

// -- subscribe ---

TEST_CASE_METHOD(token_node, "tokens: one opens a channel that nothing else does",
                 "[net][centrifuge][tokens]") {
  const auto p = connected();
  CHECK(subscribe_with(p, "sub") == texts{R"({"id":2,"subscribe":{"expires":true,"ttl":60}})"});
  const auto of_private = connected();
  tokens->subscriptions["$"] = {subscription_grant{.user = "42", .channel = "$pub:a"}};
  CHECK(ask(of_private, R"({"id":2,"subscribe":{"channel":"$pub:a"}})") ==
        texts{error(2, 103, "permission denied")});
  CHECK(subscribe_with(of_private, "$", "$pub:a") == texts{R"({"id":2,"subscribe":{}})"});
}

TEST_CASE_METHOD(token_node, "tokens: those that do not subscribe end as the protocol says",
                 "[net][centrifuge][tokens]") {
  const auto p = connected();
  CHECK(subscribe_with(p, "forged") == texts{error(2, 103, "permission denied")});
  CHECK(subscribe_with(p, "late") == texts{error(2, 109, "token expired")});
  CHECK(subscribe_with(p, "over") == texts{error(2, 110, "expired")});
  CHECK_THAT(subscribe_with(p, "later")[0], Contains(R"("temporary":true)"));
  CHECK(subscribe_with(p, "sub", "nons:a") == texts{error(2, 102, "unknown channel")});
  CHECK(book->order.empty());
  CHECK(p.ended().empty());
  for (const auto* token : {"other user", "other channel", "other client"}) {
    CAPTURE(token);
    const auto cheat = connected();
    CHECK(subscribe_with(cheat, token).empty());
    CHECK(cheat.ended() == "3500 invalid token");
  }
  CHECK(book->order.empty());
}

TEST_CASE_METHOD(token_node, "tokens: a token decides alone, even where none is needed",
                 "[net][centrifuge][tokens]") {
  const auto p = connected();
  CHECK(subscribe_with(p, "forged", "pub:a") == texts{error(2, 103, "permission denied")});
}

TEST_CASE_METHOD(token_node, "tokens: one can replace options of the namespace",
                 "[net][centrifuge][tokens]") {
  tokens->subscriptions["less"] = {subscription_grant{
      .user = "42", .channel = "hist:a",
      .terms = {.overrides = {.presence = true, .force_recovery = false}}}};
  const auto p = connected();
  subscribe_with(p, "less", "hist:a");
  REQUIRE(book->subscribes.size() == 1);
  CHECK_FALSE(book->subscribes[0].features.recoverable);
  CHECK(book->subscribes[0].overrides.presence == true);
}

// -- refresh ---

TEST_CASE("tokens: a connection that is not refreshed ends after the delay", "[net][centrifuge][tokens]") {
  token_node n{without_pings()};
  const auto p = n.connected();
  n.advance(84'900ms);
  CHECK(p.ended().empty());
  n.advance(200ms);
  CHECK(p.ended() == "3005 connection expired");
}

TEST_CASE("tokens: a refreshed connection lives on", "[net][centrifuge][tokens]") {
  token_node n{without_pings()};
  const auto p = n.connected();
  n.advance(59s);
  CHECK(n.refresh_with(p, "good") == texts{R"({"id":3,"refresh":{"expires":true,"ttl":60}})"});
  n.advance(84'900ms);
  CHECK(p.ended().empty());
  n.advance(200ms);
  CHECK(p.ended() == "3005 connection expired");
}

TEST_CASE("tokens: a refresh without an end ends the expiry", "[net][centrifuge][tokens]") {
  token_node n{without_pings()};
  const auto p = n.connected();
  CHECK(n.refresh_with(p, "open") == texts{R"({"id":3,"refresh":{}})"});
  n.advance(1h);
  CHECK(p.ended().empty());
}

TEST_CASE_METHOD(token_node, "tokens: those that do not refresh end as the protocol says",
                 "[net][centrifuge][tokens]") {
  const auto end = [&](std::string_view token) {
    const auto p = connected();
    CHECK(refresh_with(p, token).empty());
    return p.ended();
  };
  CHECK(end("forged") == "3500 invalid token");
  CHECK(end("ann") == "3500 invalid token");
  CHECK(end("late") == "3005 connection expired");
  CHECK(end("over") == "3005 connection expired");
  CHECK(end("") == "3501 bad request");
  CHECK(end("server") == "3010 insufficient state");
  const auto p = connected();
  CHECK(refresh_with(p, "elsewhere") == texts{error(3, 102, "unknown channel")});
  CHECK_THAT(refresh_with(p, "later")[0], Contains(R"("temporary":true)"));
  CHECK(p.ended().empty());
}

TEST_CASE_METHOD(token_node, "tokens: a refresh keeps the channels of the token, or it is a new connection",
                 "[net][centrifuge][tokens]") {
  const auto p = connected("server");
  CHECK(refresh_with(p, "server") == texts{R"({"id":3,"refresh":{}})"});
  CHECK(refresh_with(p, "good").empty());
  CHECK(p.ended() == "3010 insufficient state");
}

// -- sub_refresh ---

TEST_CASE("tokens: a subscription that is not refreshed ends after the delay",
          "[net][centrifuge][tokens]") {
  token_node n{without_pings()};
  const auto p = n.connected("open");
  n.subscribe_with(p, "sub");
  n.advance(84'900ms);
  CHECK(p.frames().empty());
  n.advance(200ms);
  CHECK(p.frames() == texts{R"({"push":{"channel":"priv:a","unsubscribe":{"code":2501,"reason":"subscription expired"}}})"});
  CHECK(n.book->order == texts{"subscribe priv:a", "unsubscribe priv:a"});
  CHECK(n.subscribe_with(p, "sub").size() == 1);
  CHECK(p.ended().empty());
}

TEST_CASE("tokens: a refreshed subscription lives on", "[net][centrifuge][tokens]") {
  token_node n{without_pings()};
  const auto p = n.connected("open");
  n.subscribe_with(p, "sub");
  n.advance(59s);
  CHECK(n.sub_refresh_with(p, "sub") == texts{R"({"id":4,"sub_refresh":{"expires":true,"ttl":60}})"});
  n.advance(84s);
  CHECK(p.frames().empty());
  CHECK(n.sub_refresh_with(p, "open") == texts{R"({"id":4,"sub_refresh":{}})"});
  n.advance(1h);
  CHECK(p.frames().empty());
}

TEST_CASE("tokens: each subscription has a time of its own", "[net][centrifuge][tokens]") {
  token_node n{without_pings()};
  n.tokens->subscriptions["long"] = {
      subscription_grant{.user = "42", .channel = "priv:b", .expires_in = 100s}};
  const auto p = n.connected("open");
  n.subscribe_with(p, "long", "priv:b");
  n.subscribe_with(p, "sub");
  n.advance(86s);
  CHECK(p.frames().size() == 1);
  n.advance(38'900ms);
  CHECK(p.frames().empty());
  n.advance(200ms);
  REQUIRE_THAT(p.frames().at(0), Contains("priv:b"));
}

TEST_CASE_METHOD(token_node, "tokens: those that do not refresh a subscription end as the protocol says",
                 "[net][centrifuge][tokens]") {
  const auto end = [&](std::string_view token) {
    const auto p = connected();
    subscribe_with(p, "sub");
    CHECK(sub_refresh_with(p, token).empty());
    return p.ended();
  };
  CHECK(end("forged") == "3500 invalid token");
  CHECK(end("other user") == "3500 invalid token");
  CHECK(end("other channel") == "3500 invalid token");
  CHECK(end("late") == "3006 subscription expired");
  CHECK(end("over") == "3006 subscription expired");
  const auto p = connected();
  CHECK(sub_refresh_with(p, "sub") == texts{error(4, 103, "permission denied")});
  subscribe_with(p, "sub");
  CHECK(sub_refresh_with(p, "") == texts{error(4, 107, "bad request")});
  CHECK(sub_refresh_with(p, "sub", "nons:a") == texts{error(4, 102, "unknown channel")});
  CHECK_THAT(sub_refresh_with(p, "later")[0], Contains(R"("temporary":true)"));
  CHECK(p.ended().empty());
  const auto of_server = connected("server");
  CHECK(sub_refresh_with(of_server, "sub", "pub:s").empty());
  CHECK(of_server.ended() == "3501 bad request");
}

TEST_CASE_METHOD(token_node, "tokens: a subscription that ends while its token is looked at is not refreshed",
                 "[net][centrifuge][tokens]") {
  tokens->subscriptions["hist"] = {subscription_grant{.user = "42", .channel = "hist:a"}};
  const auto p = connected();
  subscribe_with(p, "hist", "hist:a");
  tokens->silent = true;
  CHECK(sub_refresh_with(p, "hist", "hist:a").empty());
  happens(p, published("hist:a", "9", 9)); // a gap
  CHECK(p.frames().size() == 1);
  tokens->answer();
  run();
  CHECK(p.frames() == texts{error(4, 103, "permission denied")});
}
