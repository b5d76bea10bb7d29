// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What the application's own server decides about clients: every ruling, and what time does.
#include "client_node.hpp"

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::tests;

namespace {

using texts = std::vector<std::string>;
using Catch::Matchers::Contains;

/// What the backend was asked, and what it says.
struct backend_book {
  std::vector<ask_connect> connects;
  std::vector<ask_subscribe> subscribes;
  std::vector<ask_publish> publishes;
  int refreshes = 0;
  std::vector<std::string> sub_refreshes;
  connect_ruling connect{admittance{{.user = "42"}, {}}};
  subscribe_ruling subscribe{subscription_admittance{}};
  publish_ruling publish{publication_terms{}};
  refresh_ruling refresh{no_answer{}};
};

backend_actor::behavior_type backend_stand_in(backend_actor::pointer, std::shared_ptr<backend_book> book) {
  return {
      [book](const ask_connect& m) { return book->connects.push_back(m), book->connect; },
      [book](const ask_refresh&) { return ++book->refreshes, book->refresh; },
      [book](const ask_subscribe& m) { return book->subscribes.push_back(m), book->subscribe; },
      [book](const ask_publish& m) { return book->publishes.push_back(m), book->publish; },
      [book](const ask_sub_refresh& m) { return book->sub_refreshes.push_back(m.channel), book->refresh; },
  };
}

/// Nobody is let in but by the backend; namespace `ask` asks it about everything, `times` about subscriptions
/// that are over.
class backend_node : public client_node {
public:
  backend_node() : client_node(client_options{}) {
    auto config = test_channels();
    channel_options asks;
    asks.subscribe_proxy_enabled = asks.publish_proxy_enabled = asks.sub_refresh_proxy_enabled = true;
    asks.allow_user_limited_channels = true;
    config.namespaces.push_back({"ask", asks});
    settings->channels = std::make_shared<const namespaces>(config);
    settings->backend = who = system().spawn(backend_stand_in, said);
    settings->asks_connect = true;
    settings->options.ping_interval = 0ms; // or its user would have to answer
  }
  ~backend_node() {
    for (auto& p : peers)
      if (!p->closed() && p->started()) p->client_fails();
    run();
    settings->backend = nullptr;
    caf::anon_send_exit(who, caf::exit_reason::kill);
    who = nullptr;
    run();
  }

  peer connected() {
    auto p = open();
    REQUIRE_THAT(ask(p, R"({"id":1,"connect":{}})").at(0), Contains("\"connect\":"));
    return p;
  }
  peer subscribed(const std::string& channel = "ask:a") {
    auto p = connected();
    REQUIRE_THAT(ask(p, R"({"id":2,"subscribe":{"channel":")" + channel + R"("}})").at(0), Contains("\"subscribe\":"));
    return p;
  }

  std::shared_ptr<backend_book> said = std::make_shared<backend_book>();
  backend_actor who;
};

denial refusal() { return {{1000, "no", false}, {}}; }
denial farewell() { return {{}, {close_reason::kicked, 4501, "bye"}}; }

} // namespace

TEST_CASE_METHOD(backend_node, "client backend: a client without a token is who the backend says", "[net][centrifuge][backend]") {
  said->connect = {admittance{{.user = "42", .info = {R"({"n":1})", true}, .subs = {{"pub:s", {}}}}, {R"("hi")", true}}};
  const auto p = open();
  const auto replies = ask(p, R"({"id":1,"connect":{"data":{"a":1},"name":"js","version":"2","subs":{"pub:x":{}}}})");
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Contains(R"("data":"hi")") && Contains("\"pub:s\"") && !Contains("expires"));
  REQUIRE(said->connects.size() == 1);
  const auto& asked = said->connects[0];
  CHECK(asked.who.client == p.id.to_string());
  CHECK(asked.data.bytes == R"({"a":1})");
  CHECK(asked.name == "js");
  CHECK(asked.version == "2");
  CHECK(asked.channels == texts{"pub:x"});
  REQUIRE(!book->subscribes.empty());
  CHECK(book->subscribes[0].info.user == "42");
  CHECK(book->subscribes[0].info.conn_info.bytes == R"({"n":1})");
}

TEST_CASE_METHOD(backend_node, "client backend: one with a token is not asked about", "[net][centrifuge][backend]") {
  tokens->connections["good"] = {connection_grant{.user = "43"}};
  const auto p = open();
  CHECK_THAT(ask(p, R"({"id":1,"connect":{"token":"good"}})").at(0), Contains("\"connect\":"));
  CHECK(said->connects.empty());
}

TEST_CASE_METHOD(backend_node, "client backend: a client is refused or closed as the backend says", "[net][centrifuge][backend]") {
  const auto p = open();
  SECTION("an error") {
    said->connect = {refusal()};
    CHECK(ask(p, R"({"id":1,"connect":{}})") == texts{R"({"id":1,"error":{"code":1000,"message":"no"}})"});
    CHECK(ask(p, R"({"id":2,"subscribe":{"channel":"pub:a"}})").empty());
  }
  SECTION("a disconnect") {
    said->connect = {farewell()};
    send(p, R"({"id":1,"connect":{}})");
    CHECK(p.ended() == "4501 bye");
  }
  SECTION("no opinion, and the options let nobody in") {
    said->connect = {no_opinion{}};
    send(p, R"({"id":1,"connect":{}})");
    CHECK(p.ended() == "3501 bad request");
  }
  SECTION("no backend any more") {
    caf::anon_send_exit(who, caf::exit_reason::kill);
    run();
    CHECK_THAT(ask(p, R"({"id":1,"connect":{}})").at(0), Contains(R"("code":100)") && Contains(R"("temporary":true)"));
  }
}

TEST_CASE_METHOD(backend_node, "client backend: it decides about subscriptions without a token, but not all", "[net][centrifuge][backend]") {
  const auto p = connected();
  said->subscribe = {subscription_admittance{{.info = {"1", true}, .data = {"2", true}}, 60s}};
  CHECK(ask(p, R"({"id":2,"subscribe":{"channel":"ask:a","data":7}})") == texts{R"({"id":2,"subscribe":{"data":2}})"});
  CHECK(said->subscribes.at(0).data.bytes == "7");
  CHECK(said->subscribes[0].who.user == "42");
  CHECK(book->subscribes.at(0).info.chan_info.bytes == "1");
  said->subscribe = {refusal()};
  CHECK(ask(p, R"({"id":3,"subscribe":{"channel":"ask:b"}})") == texts{R"({"id":3,"error":{"code":1000,"message":"no"}})"});
  CHECK_THAT(ask(p, R"({"id":4,"subscribe":{"channel":"$ask:c"}})").at(0), Contains(R"("code":103)"));
  CHECK_THAT(ask(p, R"({"id":5,"subscribe":{"channel":"ask:d#41"}})").at(0), Contains(R"("code":103)"));
  CHECK_THAT(ask(p, R"({"id":6,"subscribe":{"channel":"ask:d#42"}})").at(0), Contains(R"("subscribe":{})"));
  CHECK_THAT(ask(p, R"({"id":7,"subscribe":{"channel":"priv:e"}})").at(0), Contains(R"("code":103)"));
  CHECK(said->subscribes.size() == 2);
  said->subscribe = {farewell()};
  send(p, R"({"id":8,"subscribe":{"channel":"ask:f"}})");
  CHECK(p.ended() == "4501 bye");
}

TEST_CASE_METHOD(backend_node, "client backend: it decides about publications, and what becomes of them", "[net][centrifuge][backend]") {
  const auto p = connected();
  CHECK(ask(p, R"({"id":2,"publish":{"channel":"ask:a","data":1}})") == texts{R"({"id":2,"publish":{}})"});
  CHECK(book->publishes.at(0).data.bytes == "1");
  said->publish = {publication_terms{{"2", true}, true, {{"k", "v"}}, "key", true, 7, "e"}};
  CHECK(ask(p, R"({"id":3,"publish":{"channel":"ask:a","data":1}})") == texts{R"({"id":3,"publish":{}})"});
  const auto& changed = book->publishes.at(1);
  CHECK(changed.data.bytes == "2");
  CHECK(changed.skip_history);
  CHECK(changed.tags == tag_map{{"k", "v"}});
  CHECK(changed.idempotency_key == "key");
  CHECK(changed.delta);
  CHECK(changed.version == 7);
  CHECK(changed.version_epoch == "e");
  said->publish = {refusal()};
  CHECK(ask(p, R"({"id":4,"publish":{"channel":"ask:a","data":1}})") == texts{R"({"id":4,"error":{"code":1000,"message":"no"}})"});
  CHECK(book->publishes.size() == 2);
}

TEST_CASE_METHOD(backend_node, "client backend: commands behind a question keep their order", "[net][centrifuge][backend]") {
  const auto p = connected();
  CHECK(ask(p, "{\"id\":2,\"subscribe\":{\"channel\":\"ask:a\"}}\n{\"id\":3,\"publish\":{\"channel\":\"ask:a\",\"data\":1}}").size() >= 1);
  CHECK(book->order == texts{"subscribe ask:a", "publish ask:a"});
}

TEST_CASE_METHOD(backend_node, "client backend: whose time is over is asked about, and goes on or not", "[net][centrifuge][backend]") {
  settings->asks_refresh = true;
  said->connect = {admittance{{.user = "42", .expires_in = 60s}, {}}};
  const auto p = connected();
  said->refresh = {renewal{60s, {}, {}}};
  advance(59s);
  CHECK(said->refreshes == 0);
  advance(2s);
  CHECK(said->refreshes == 1);
  CHECK(p.ended().empty());
  said->refresh = {no_answer{}};
  advance(60s);
  CHECK(said->refreshes == 2);
  advance(50s);
  CHECK(said->refreshes == 2);
  said->refresh = {time_is_over{}};
  advance(20s);
  CHECK(said->refreshes == 3);
  CHECK(p.ended() == "3005 connection expired");
}

TEST_CASE_METHOD(backend_node, "client backend: a client that refreshes what the server does is wrong", "[net][centrifuge][backend]") {
  settings->asks_refresh = true;
  const auto p = connected();
  send(p, R"({"id":2,"refresh":{"token":"good"}})");
  CHECK(p.ended() == "3501 bad request");
}

TEST_CASE_METHOD(backend_node, "client backend: a subscription whose time is over is asked about", "[net][centrifuge][backend]") {
  said->subscribe = {subscription_admittance{{}, 60s}};
  const auto p = subscribed();
  said->refresh = {renewal{60s, {}, {}}};
  advance(61s);
  CHECK(said->sub_refreshes == texts{"ask:a"});
  CHECK(p.frames().empty());
  said->refresh = {time_is_over{}};
  advance(61s);
  CHECK(said->sub_refreshes.size() == 2);
  const auto frames = p.frames();
  REQUIRE(!frames.empty());
  CHECK_THAT(frames.back(), Contains(R"("code":2501)"));
}

TEST_CASE_METHOD(backend_node, "client backend: headers that a client makes up are those on the list, and whole", "[net][centrifuge][backend]") {
  settings->emulated_headers = {"X-Session"};
  const auto p = open();
  send(p, R"({"id":1,"connect":{"headers":{"x-session":"a","Host":"evil"}}})");
  const auto q = open();
  send(q, R"({"id":1,"connect":{"headers":{"X-Session":"a\r\nHost: evil"}}})");
  REQUIRE(said->connects.size() == 2);
  REQUIRE(said->connects[0].who.headers);
  CHECK(*said->connects[0].who.headers == request_headers{{"X-Session", "a"}});
  CHECK((!said->connects[1].who.headers || said->connects[1].who.headers->empty()));
}
