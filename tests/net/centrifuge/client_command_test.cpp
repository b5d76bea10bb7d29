// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The commands of the Centrifuge protocol: their order, checks and answers.
#include "client_node.hpp"

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::tests;

namespace {

using texts = std::vector<std::string>;

std::string subscribe_to(std::string_view channel, std::string_view more = {}) {
  return fmt::format(R"({{"id":2,"subscribe":{{"channel":"{}"{}}}}})", channel, more);
}

/// The code of the error that answers a command, 0 if none does.
int code_of(const texts& frames) {
  REQUIRE(frames.size() == 1);
  constexpr std::string_view before = R"("error":{"code":)";
  const auto at = frames[0].find(before);
  return at == std::string::npos ? 0 : std::stoi(frames[0].substr(at + before.size()));
}

} // namespace

TEST_CASE_METHOD(client_node, "client: connect and subscribe may come in one frame",
                 "[net][centrifuge][client]") {
  const auto p = open();
  const auto frames =
      ask(p, R"({"id":1,"connect":{}})" "\n" + subscribe_to("pub:a") + "\n");
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].find(R"({"id":1,"connect":{)") == 0);
  CHECK(frames[1] == R"({"id":2,"subscribe":{}})");
  REQUIRE(book->subscribes.size() == 1);
  CHECK(book->subscribes[0].info.client == p.id.to_string());
  CHECK(book->subscribes[0].where);
}

TEST_CASE_METHOD(client_node, "client: what can be answered at once is answered in one frame",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  CHECK(ask(p, R"({"id":2,"rpc":{}})" "\n" R"({"id":3,"unsubscribe":{"channel":"pub:a"}})") ==
        texts{R"({"id":2,"error":{"code":108,"message":"not available"}})" "\n"
              R"({"id":3,"unsubscribe":{}})"});
}

TEST_CASE_METHOD(client_node, "client: a command waits for the one before it",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  const auto granted = p->grants();
  book->silent = true;
  send(p, subscribe_to("pub:a") + "\n" R"({"id":3,"publish":{"channel":"pub:a","data":1}})");
  send(p, R"({"id":4,"rpc":{}})");
  CHECK(book->order == texts{"subscribe pub:a"});
  CHECK(p.frames().empty());
  CHECK(p->grants() == granted); // the reader is held up as long
  book->answer();
  run();
  CHECK(p.frames() == texts{R"({"id":2,"subscribe":{}})"});
  CHECK(book->order == texts{"subscribe pub:a", "publish pub:a"});
  CHECK(p->grants() == granted);
  book->answer();
  run();
  const auto frames = p.frames();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].find(R"({"id":3,"publish":{}})" "\n" R"({"id":4,"error")") == 0);
  CHECK(p->grants() == granted + 2);
}

TEST_CASE_METHOD(client_node, "client: a channel that fails is an internal error of the command",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  book->fails = true;
  CHECK(code_of(ask(p, subscribe_to("pub:a"))) == 100);
  CHECK(code_of(ask(p, subscribe_to("pub:a"))) == 100); // not 105
  book->fails = false;
  CHECK(code_of(ask(p, subscribe_to("pub:a"))) == 0);
}

TEST_CASE_METHOD(client_node, "client: subscribe is checked in the documented order",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  CHECK(code_of(ask(p, subscribe_to("nons:" + std::string(251, 'a')))) == 107);
  CHECK(code_of(ask(p, subscribe_to("nons:a"))) == 102);
  CHECK(code_of(ask(p, subscribe_to("pub:\xc3\xa9"))) == 107);
  CHECK(code_of(ask(p, subscribe_to("priv:a"))) == 103);
  CHECK(code_of(ask(p, subscribe_to("$pub:a"))) == 103);
  CHECK(code_of(ask(p, subscribe_to("pub:a", R"(,"token":"x.y.z")"))) == 103);
  CHECK(code_of(ask(p, subscribe_to("pub:a", R"(,"type":1)"))) == 108);
  const auto filter = R"(,"tf":{"key":"k","cmp":"eq","val":"v"})";
  CHECK(code_of(ask(p, subscribe_to("pub:a", filter))) == 107);
  CHECK(code_of(ask(p, subscribe_to("delta:a", R"(,"tf":{"key":"k"})"))) == 107);
  CHECK(book->order.empty());
  CHECK(code_of(ask(p, subscribe_to("delta:a", filter))) == 0);
  CHECK(code_of(ask(p, subscribe_to("delta:a"))) == 105);
}

TEST_CASE_METHOD(client_node, "client: a connection has a limit of channels",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  for (int i = 0; i < 128; ++i)
    REQUIRE(code_of(ask(p, subscribe_to(fmt::format("pub:{}", i)))) == 0);
  CHECK(code_of(ask(p, subscribe_to("pub:128"))) == 106);
  ask(p, R"({"id":3,"unsubscribe":{"channel":"pub:0"}})");
  CHECK(code_of(ask(p, subscribe_to("pub:128"))) == 0);
}

TEST_CASE_METHOD(client_node, "client: a user-limited channel is for its users",
                 "[net][centrifuge][client]") {
  auto channels = test_channels();
  channels.namespaces[5].options.allow_user_limited_channels = true; // priv
  settings->channels = std::make_shared<const namespaces>(channels);
  const auto p = open(encoding::json, false, "42");
  ask(p, R"({"id":1,"connect":{}})");
  CHECK(code_of(ask(p, subscribe_to("priv:x#43"))) == 103);
  CHECK(code_of(ask(p, subscribe_to("priv:x#41,42"))) == 0);
}

TEST_CASE_METHOD(client_node, "client: a pattern can be subscribed to and nothing else",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  CHECK(ask(p, subscribe_to("wild:a.*", R"(,"recoverable":true,"positioned":true)")) ==
        texts{R"({"id":2,"subscribe":{}})"});
  REQUIRE(book->subscribes.size() == 1);
  CHECK_FALSE(book->subscribes[0].features.positioned);
  CHECK(code_of(ask(p, subscribe_to("wild:b.*", R"(,"recover":true)"))) == 108);
  for (const auto* malformed : {"wild:>.a", "wild:a..*", "$wild:>", "wild:*.#42"}) {
    CAPTURE(malformed);
    CHECK(code_of(ask(p, subscribe_to(malformed))) == 107);
  }
  const auto answer = [&](std::string_view request) {
    return code_of(ask(p, fmt::format(R"({{"id":2,"{}":{{"channel":"wild:a.*","data":1}}}})", request)));
  };
  CHECK(answer("publish") == 107);
  CHECK(answer("presence") == 108);
  CHECK(answer("presence_stats") == 108);
  CHECK(answer("history") == 108);
  CHECK(answer("unsubscribe") == 0);
  CHECK(book->order == texts{"subscribe wild:a.*", "unsubscribe wild:a.*"});
}

TEST_CASE_METHOD(client_node, "client: what it wishes is passed on as far as it is granted",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  ask(p, subscribe_to("hist:a", R"(,"recover":true,"offset":3,"epoch":"ep","flag":3)"));
  ask(p, subscribe_to("pub:a", R"(,"positioned":true,"join_leave":true,"delta":"fossil")"));
  ask(p, subscribe_to("delta:a", R"(,"delta":"fossil")"));
  REQUIRE(book->subscribes.size() == 3);
  CHECK(book->subscribes[0].features.recoverable);
  CHECK(book->subscribes[0].recover == stream_position{3, "ep"});
  CHECK(book->subscribes[0].reject_unrecovered);
  CHECK_FALSE(book->subscribes[1].features.positioned);
  CHECK_FALSE(book->subscribes[1].features.join_leave);
  CHECK_FALSE(book->subscribes[1].delta);
  CHECK_FALSE(book->subscribes[1].recover);
  CHECK(book->subscribes[2].delta);
}

TEST_CASE_METHOD(client_node, "client: unsubscribe succeeds, subscribed or not",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("pub:a");
  const texts done{R"({"id":3,"unsubscribe":{}})"};
  CHECK(ask(p, R"({"id":3,"unsubscribe":{"channel":"pub:a"}})") == done);
  CHECK(ask(p, R"({"id":3,"unsubscribe":{"channel":"pub:a"}})") == done);
  CHECK(book->order == texts{"subscribe pub:a", "unsubscribe pub:a"});
}

TEST_CASE_METHOD(client_node, "client: publish is checked, then carries its publisher",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("pub:a");
  const auto publish = [&](std::string_view channel, std::string_view more) {
    return ask(p, fmt::format(R"({{"id":3,"publish":{{"channel":"{}"{}}}}})", channel, more));
  };
  CHECK(code_of(publish("nons:a", R"(,"data":1)")) == 102);
  CHECK(code_of(publish("pub:\xc3\xa9", R"(,"data":1)")) == 107);
  CHECK(code_of(publish("pub:a", "")) == 107);
  CHECK(code_of(publish("pub:b", R"(,"data":1)")) == 103);
  CHECK(code_of(publish("pub:a", R"(,"data":1,"type":1)")) == 108);
  CHECK(book->publishes.empty());
  CHECK(publish("pub:a", R"(,"data":{"a": 1})") == texts{R"({"id":3,"publish":{}})"});
  REQUIRE(book->publishes.size() == 1);
  const auto& sent = book->publishes[0];
  CHECK(sent.data.bytes == R"({"a": 1})");
  REQUIRE(sent.info);
  CHECK(sent.info->client == p.id.to_string());
  CHECK_FALSE(sent.exclude);
  book->publish = error_code::limit_exceeded;
  CHECK(code_of(publish("pub:a", R"(,"data":1)")) == 106);
}

TEST_CASE_METHOD(client_node, "client: a namespace can keep publications from their publisher",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("pres:a");
  ask(p, R"({"id":3,"publish":{"channel":"pres:a","data":1}})");
  REQUIRE(book->publishes.size() == 1);
  CHECK(book->publishes[0].exclude == book->subscribes[0].where);
}

TEST_CASE_METHOD(client_node, "client: presence is for subscribers of namespaces that keep it",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("pres:a");
  for (const auto* method : {"presence", "presence_stats"}) {
    CAPTURE(method);
    const auto see = [&](std::string_view channel) {
      return ask(p, fmt::format(R"({{"id":3,"{}":{{"channel":"{}"}}}})", method, channel));
    };
    CHECK(code_of(see("nons:a")) == 102);
    CHECK(code_of(see("pres:\xc3\xa9")) == 107);
    CHECK(code_of(see("pub:a")) == 108);
    CHECK(code_of(see("pres:b")) == 103);
    CHECK(code_of(see("pres:a")) == 0);
  }
  book->presence_stats = presence_stats_result{3, 2};
  CHECK(ask(p, R"({"id":3,"presence_stats":{"channel":"pres:a"}})") ==
        texts{R"({"id":3,"presence_stats":{"num_clients":3,"num_users":2}})"});
}

TEST_CASE_METHOD(client_node, "client: history is for subscribers of namespaces that keep it",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("hist:a");
  const auto read = [&](std::string_view channel, std::string_view more = {}) {
    return ask(p, fmt::format(R"({{"id":3,"history":{{"channel":"{}"{}}}}})", channel, more));
  };
  CHECK(code_of(read("nons:a")) == 102);
  CHECK(code_of(read("pub:a")) == 108);
  CHECK(code_of(read("hist:b")) == 103);
  CHECK(book->histories.empty());
  history_page page;
  page.publications = {published("hist:a", "5", 5)->publication};
  page.top = {5, "ep"};
  book->history = page;
  CHECK(read("hist:a", R"(,"limit":-1,"since":{"offset":4,"epoch":"ep"},"reverse":true)") ==
        texts{R"({"id":3,"history":{"publications":[{"data":5,"offset":5}],"epoch":"ep","offset":5}})"});
  REQUIRE(book->histories.size() == 1);
  CHECK(book->histories[0].query.limit == -1);
  CHECK(book->histories[0].query.since == stream_position{4, "ep"});
  CHECK(book->histories[0].query.reverse);
  book->history = error_code::unrecoverable_position;
  CHECK(code_of(read("hist:a")) == 112);
}

TEST_CASE("client: an answer too long to be queued is an error, or is not recovered",
          "[net][centrifuge][client]") {
  auto o = open_to_all();
  o.queue_max_size = 4000;
  client_node n{o};
  const auto p = n.subscribe("hist:a");
  history_page page;
  for (std::uint64_t i = 1; i <= 3; ++i)
    page.publications.push_back(
        n.published("hist:a", '"' + std::string(3000, 'x') + '"', i)->publication);
  page.top = {3, "ep"};
  n.book->history = page;
  CHECK(code_of(n.ask(p, R"({"id":3,"history":{"channel":"hist:a","limit":-1}})")) == 106);
  page.publications.pop_back();
  n.book->history = page;
  CHECK(code_of(n.ask(p, R"({"id":3,"history":{"channel":"hist:a","limit":2}})")) == 0);

  n.book->subscribe = [&](const auto&) {
    subscribe_result r;
    r.recoverable = r.positioned = r.recovered = r.was_recovering = true;
    r.position = {0, "ep"};
    for (const auto& each : page.publications)
      r.publications.push_back({each, payload_form::plain, {}});
    return r;
  };
  const auto frames = n.ask(p, subscribe_to("hist:b", R"(,"recover":true,"epoch":"ep")"));
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].find(R"("offset":2)") != std::string::npos);
  CHECK(frames[0].find("publications") == std::string::npos);
  CHECK(frames[0].find("recovered") == std::string::npos);
  n.happens(p, n.published("hist:b", "3", 3)); // it goes on from there
  CHECK(p.frames().size() == 1);
  CHECK(code_of(n.ask(p, subscribe_to("hist:c", R"(,"recover":true,"epoch":"ep","flag":2)"))) == 112);
  CHECK(n.book->order.back() == "unsubscribe hist:c");
}

TEST_CASE_METHOD(client_node, "client: nobody serves calls and messages",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  CHECK(code_of(ask(p, R"({"id":3,"rpc":{"method":"m","data":1}})")) == 108);
  send(p, R"({"send":{"data":1}})");
  CHECK(p.ended() == "3508 not available");
}

TEST_CASE_METHOD(client_node, "client: without tokens there is nothing to refresh",
                 "[net][centrifuge][client]") {
  const auto end_after = [&](const char* text) {
    const auto p = subscribe("pub:a");
    send(p, text);
    CHECK(p.frames().empty());
    return p.ended();
  };
  CHECK(end_after(R"({"id":3,"refresh":{}})") == "3501 bad request");
  CHECK(end_after(R"({"id":3,"refresh":{"token":"x.y.z"}})") == "3500 invalid token");
  CHECK(end_after(R"({"id":3,"sub_refresh":{"channel":"pub:a","token":"x.y.z"}})") ==
        "3500 invalid token");
  const auto p = subscribe("pub:a");
  const auto refresh = [&](std::string_view channel) {
    return ask(p, fmt::format(R"({{"id":3,"sub_refresh":{{"channel":"{}"}}}})", channel));
  };
  CHECK(code_of(refresh("nons:a")) == 102);
  CHECK(code_of(refresh("pub:b")) == 103);
  CHECK(code_of(refresh("pub:a")) == 107);
}
