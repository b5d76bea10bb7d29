// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What other servers have clients do: subscribe, unsubscribe, live longer.
#include "client_node.hpp"

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::tests;

namespace {

using texts = std::vector<std::string>;
using Catch::Matchers::Contains;

client_options without_pings() {
  auto o = open_to_all();
  o.ping_interval = 0ms;
  return o;
}

class ordered_node : public client_node {
public:
  explicit ordered_node(client_options options = without_pings()) : client_node(std::move(options)) {}

  template <class Order>
  std::optional<error_code> order(const peer& p, Order what) {
    const auto done = deterministic_system::ask<carried_out>(p.who, std::move(what));
    REQUIRE(done);
    return done->failed;
  }
};

} // namespace

TEST_CASE_METHOD(ordered_node, "orders: a client is subscribed whatever its permissions, and told",
                 "[net][centrifuge][orders]") {
  const auto p = connect();
  CHECK_FALSE(order(p, grant_subscription{.channel = "priv:a", .terms = {{R"({"i":1})", true}, {"7", true}, {}}}));
  CHECK(p.frames() == texts{R"({"push":{"channel":"priv:a","subscribe":{"data":7}}})"});
  REQUIRE(book->subscribes.size() == 1);
  CHECK(book->subscribes[0].info.chan_info.bytes == R"({"i":1})");
  happens(p, published("priv:a", "1"));
  CHECK(p.frames().size() == 1);
}

TEST_CASE_METHOD(ordered_node, "orders: a positioned subscription tells where it begins, and what was missed",
                 "[net][centrifuge][orders]") {
  const auto p = connect();
  book->subscribe = [](const subscribe_channel& m) {
    CHECK(m.recover == stream_position{3, "ep"});
    subscribe_result granted{.positioned = true, .recoverable = true, .position = {3, "ep"}, .recovered = true};
    granted.publications.push_back(
      {std::make_shared<const publication>(publication{{"4", true}, {}, 4, {}, {}}), payload_form::plain, {}});
    return granted;
  };
  CHECK_FALSE(order(p, grant_subscription{.channel = "hist:a", .terms = {}, .recover_since = stream_position{3, "ep"}}));
  const auto frames = p.frames();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0] == R"({"push":{"channel":"hist:a","subscribe":{"recoverable":true,"epoch":"ep","offset":3,"positioned":true}}})"
                     "\n" R"({"push":{"channel":"hist:a","pub":{"data":4,"offset":4}}})");
  happens(p, published("hist:a", "5", 5));
  CHECK(p.frames().size() == 1);
}

TEST_CASE_METHOD(ordered_node, "orders: what cannot be granted says why and leaves nothing",
                 "[net][centrifuge][orders]") {
  const auto p = subscribe("pub:a");
  CHECK(order(p, grant_subscription{.channel = "pub:a"}) == error_code::already_subscribed);
  CHECK(order(p, grant_subscription{.channel = "nons:a"}) == error_code::unknown_channel);
  book->subscribe = [](const auto&) { return error_code::limit_exceeded; };
  CHECK(order(p, grant_subscription{.channel = "pub:b"}) == error_code::limit_exceeded);
  CHECK(p.frames().empty());
  book->subscribe = [](const auto&) { return subscribe_result{}; };
  CHECK_FALSE(order(p, grant_subscription{.channel = "pub:b"}));
}

TEST_CASE("orders: one channel too many closes the client", "[net][centrifuge][orders]") {
  auto o = without_pings();
  o.channel_limit = 1;
  ordered_node n{o};
  const auto p = n.connect();
  CHECK_FALSE(n.order(p, grant_subscription{.channel = "pub:a"}));
  CHECK(p.ended().empty());
  CHECK_FALSE(n.order(p, grant_subscription{.channel = "pub:b"}));
  CHECK(p.ended() == "3505 channel limit");
}

TEST_CASE_METHOD(ordered_node, "orders: a subscription is revoked, whoever made it",
                 "[net][centrifuge][orders]") {
  const auto p = subscribe("pub:a");
  order(p, grant_subscription{.channel = "priv:b"});
  p.frames();
  for (const std::string channel : {"pub:a", "priv:b"}) {
    CHECK_FALSE(order(p, revoke_subscription{channel}));
    CHECK(p.frames() == texts{R"({"push":{"channel":")" + channel +
                              R"(","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})"});
    CHECK(book->order.back() == "unsubscribe " + channel);
    happens(p, published(channel, "1"));
    CHECK(p.frames().empty());
  }
  CHECK_FALSE(order(p, revoke_subscription{"pub:a"}));
  CHECK(p.frames().empty());
}

TEST_CASE_METHOD(ordered_node, "orders: they wait for the command that is being handled, and commands for them",
                 "[net][centrifuge][orders]") {
  const auto p = connect();
  book->silent = true;
  send(p, R"({"id":2,"subscribe":{"channel":"pub:a"}})");
  caf::anon_send(p.who, revoke_subscription{"pub:a"});
  caf::anon_send(p.who, grant_subscription{.channel = "pub:b"});
  send(p, R"({"id":3,"unsubscribe":{"channel":"pub:b"}})");
  CHECK(book->order == texts{"subscribe pub:a"});
  book->answer();
  run();
  CHECK(book->order == texts{"subscribe pub:a", "unsubscribe pub:a", "subscribe pub:b"});
  CHECK_THAT(p.frames().at(0), Contains(R"({"id":2,"subscribe":{}})") && Contains("\"code\":2000"));
  while (!book->owed.empty()) {
    book->answer();
    run();
  }
  CHECK(book->order.back() == "unsubscribe pub:b");
  CHECK_THAT(p.frames().at(0), Contains(R"("subscribe":{})"));
}

TEST_CASE_METHOD(ordered_node, "orders: a granted subscription that ends closes its client",
                 "[net][centrifuge][orders]") {
  const auto p = connect();
  CHECK_FALSE(order(p, grant_subscription{.channel = "pub:a", .terms = {}, .recover_since = {}, .expires_in = 10s}));
  advance(10s + 25s - 1s);
  CHECK(p.ended().empty());
  advance(2s);
  CHECK(p.ended() == "3006 subscription expired");
}

TEST_CASE_METHOD(ordered_node, "orders: a connection lives longer, shorter or for ever, and is told",
                 "[net][centrifuge][orders]") {
  tokens->connections["short"] = {connection_grant{.user = "42", .expires_in = 10s}};
  const auto p = open();
  ask(p, R"({"id":1,"connect":{"token":"short"}})");
  CHECK_FALSE(order(p, renew_connection{60s, {}}));
  CHECK(p.frames() == texts{R"({"push":{"refresh":{"expires":true,"ttl":60}}})"});
  advance(50s);
  CHECK(p.ended().empty());
  CHECK_FALSE(order(p, renew_connection{}));
  CHECK(p.frames() == texts{R"({"push":{"refresh":{}}})"});
  advance(24h);
  CHECK(p.ended().empty());
  CHECK_FALSE(order(p, renew_connection{1s, {R"({"n":2})", true}}));
  p.frames();
  ask(p, R"({"id":2,"subscribe":{"channel":"pub:a"}})");
  CHECK(book->subscribes.back().info.conn_info.bytes == R"({"n":2})");
  advance(27s);
  CHECK(p.ended() == "3005 connection expired");
}

TEST_CASE_METHOD(ordered_node, "orders: who has not connected, or is closing, is left alone",
                 "[net][centrifuge][orders]") {
  const auto early = open();
  CHECK_FALSE(order(early, grant_subscription{.channel = "pub:a"}));
  const auto late = connect();
  caf::anon_send(late.who, close_connection{close_status::of(close_reason::kicked)});
  run();
  CHECK_FALSE(order(late, grant_subscription{.channel = "pub:a"}));
  CHECK(book->order.empty());
}

TEST_CASE_METHOD(ordered_node, "orders: a revoked channel of a token need not be granted by the next one",
                 "[net][centrifuge][orders]") {
  tokens->connections["with"] = {connection_grant{.user = "42", .subs = {{"pub:s", {}}}}};
  tokens->connections["without"] = {connection_grant{.user = "42"}};
  const auto p = open();
  ask(p, R"({"id":1,"connect":{"token":"with"}})");
  CHECK_FALSE(order(p, revoke_subscription{"pub:s"}));
  p.frames();
  CHECK(ask(p, R"({"id":2,"refresh":{"token":"without"}})") == texts{R"({"id":2,"refresh":{}})"});
}
