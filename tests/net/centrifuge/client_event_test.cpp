// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What subscribers get of what happens in their channels, and what they are told when they lose some.
#include "client_node.hpp"

#include <troupe/centrifuge/fossil.hpp>

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::tests;

namespace {

using texts = std::vector<std::string>;

std::string pub(std::string_view channel, std::string_view body) {
  return fmt::format(R"({{"push":{{"channel":"{}","pub":{{{}}}}}}})", channel, body);
}
std::string insufficient(std::string_view channel) {
  return fmt::format(
      R"({{"push":{{"channel":"{}","unsubscribe":{{"code":2500,"reason":"insufficient state"}}}}}})",
      channel);
}

} // namespace

TEST_CASE_METHOD(client_node, "client: publications reach it while it is subscribed",
                 "[net][centrifuge][client]") {
  const auto p = connect();
  book->silent = true;
  send(p, R"({"id":2,"subscribe":{"channel":"pub:a"}})");
  happens(p, published("pub:a", "0")); // of an earlier subscription
  CHECK(p.frames().empty());
  book->silent = false;
  book->answer();
  run();
  p.frames();
  happens(p, published("pub:a", "1"));
  happens(p, published("pub:b", "2"));
  CHECK(p.frames() == texts{pub("pub:a", R"("data":1)")});
  ask(p, R"({"id":3,"unsubscribe":{"channel":"pub:a"}})");
  happens(p, published("pub:a", "3"));
  CHECK(p.frames().empty());
}

TEST_CASE_METHOD(client_node, "client: events of before the subscription are dropped",
                 "[net][centrifuge][client]") {
  auto early = published("pub:a", "0");
  const auto p = subscribe("pub:a");
  happens(p, early);
  CHECK(p.frames().empty());
}

TEST_CASE_METHOD(client_node, "client: a gap in a positioned subscription is told",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("hist:a");
  happens(p, published("hist:a", "1", 1));
  happens(p, published("hist:a", "1", 1)); // repeated
  CHECK(p.frames().size() == 1);
  happens(p, published("hist:a", "3", 3));
  CHECK(p.frames() == texts{insufficient("hist:a")});
  CHECK(book->order == texts{"subscribe hist:a", "unsubscribe hist:a"});
  happens(p, published("hist:a", "4", 4));
  CHECK(p.frames().empty());
  CHECK(ask(p, R"({"id":3,"subscribe":{"channel":"hist:a"}})").size() == 1); // no error 105
}

TEST_CASE_METHOD(client_node, "client: a channel that failed has to be subscribed anew",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("pub:a");
  auto event = published("pub:a", "1");
  event->what = channel_event::kind::lost;
  happens(p, event);
  CHECK(p.frames() == texts{insufficient("pub:a")});
  CHECK(book->order == texts{"subscribe pub:a"}); // a new channel knows nothing of it
}

TEST_CASE_METHOD(client_node, "client: a channel that ended for good is not subscribed again",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("pub:a");
  auto event = published("pub:a", "1");
  event->what = channel_event::kind::lost;
  event->why = unsubscribe_code::server_unsubscribe;
  happens(p, event);
  CHECK(p.frames() == texts{R"({"push":{"channel":"pub:a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})"});
  CHECK(book->order == texts{"subscribe pub:a"});
  CHECK(p.ended().empty());
}

TEST_CASE_METHOD(client_node, "client: a message of no channel reaches it once it is connected",
                 "[net][centrifuge][client]") {
  const auto p = open();
  caf::anon_send(p.who, push_message{{"1", true}});
  run();
  const auto frames = ask(p, R"({"id":1,"connect":{}})");
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].starts_with(R"({"id":1,"connect":)"));
  caf::anon_send(p.who, push_message{{"2", true}});
  run();
  CHECK(p.frames() == texts{R"({"push":{"message":{"data":2}}})"});
  caf::anon_send(p.who, push_message{{"no JSON", false}});
  run();
  CHECK(p.ended() == "3506 inappropriate protocol");
}

TEST_CASE_METHOD(client_node, "client: what the end of a subscription overtakes is taken back",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("hist:a");
  happens(p, published("hist:a", "1", 1));
  happens(p, published("hist:a", "3", 3));
  CHECK(p.frames() == texts{insufficient("hist:a")});
}

TEST_CASE_METHOD(client_node, "client: joins and leaves reach those that asked for them",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("pres:a");
  const auto join = caf::make_counted<channel_event>();
  join->what = channel_event::kind::joined;
  join->channel = "pres:a";
  join->sequence = ++book->sequence;
  const auto text = net::centrifuge::codec_for(encoding::json)
                        .encode(push{"pres:a", join_push{{"42", "c", {}, {}}}});
  join->encoded[0][0] = delivery_ptr{
      new delivery(target::group("pres:a"), frame::encode(opcode::text, *text), {},
                   overflow::disconnect, {}), false};
  happens(p, join);
  CHECK(p.frames() == texts{*text});
  const auto other = subscribe("pub:a");
  join->channel = "pub:a";
  join->sequence = ++book->sequence;
  happens(other, join);
  CHECK(other.frames().empty());
}

TEST_CASE_METHOD(client_node, "client: one excluded from a publication has seen it all the same",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("hist:a");
  auto own = published("hist:a", "1", 1);
  own->exclude = book->subscribes[0].where;
  happens(p, own);
  CHECK(p.frames().empty());
  happens(p, published("hist:a", "2", 2));
  CHECK(p.frames() == texts{pub("hist:a", R"("data":2,"offset":2)")});
}

TEST_CASE_METHOD(client_node, "client: a filter holds publications back, live and recovered",
                 "[net][centrifuge][client]") {
  const auto tagged = [&](std::uint64_t offset, const char* value) {
    auto event = published("delta:a", "1", offset);
    auto copy = *event->publication;
    copy.tags = {{"k", value}};
    event->publication = std::make_shared<const publication>(copy);
    return event;
  };
  book->subscribe = [&](const auto&) {
    subscribe_result r;
    r.recoverable = r.positioned = r.recovered = r.was_recovering = true;
    r.position = {0, "ep"};
    r.publications = {{tagged(1, "yes")->publication, payload_form::plain, {}},
                      {tagged(2, "no")->publication, payload_form::plain, {}}};
    return r;
  };
  const auto p = connect();
  const auto frames =
      ask(p, R"({"id":2,"subscribe":{"channel":"delta:a","delta":"fossil","recover":true,)"
             R"("tf":{"key":"k","cmp":"eq","val":"yes"}}})");
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].find(R"("publications":[{"data":1,"offset":1)") != std::string::npos);
  CHECK(frames[0].find(R"("offset":2)") == std::string::npos);
  CHECK(frames[0].find("delta") == std::string::npos);
  happens(p, tagged(3, "no"));
  CHECK(p.frames().empty());
  happens(p, tagged(4, "yes"));
  CHECK(p.frames().size() == 1);
}

TEST_CASE_METHOD(client_node, "client: deltas follow what the client has", "[net][centrifuge][client]") {
  const auto p = connect();
  const auto frames = ask(p, R"({"id":2,"subscribe":{"channel":"delta:a","delta":"fossil"}})");
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].find(R"("delta":true)") != std::string::npos);
  const auto with_delta = [&](std::uint64_t offset) {
    auto event = published("delta:a", R"({"n":1})", offset);
    encode(*event, payload_form::delta, {event->publication, payload_form::delta, "D"});
    return event;
  };
  const auto full = [](int offset) {
    return pub("delta:a", fmt::format(R"("data":"{{\"n\":1}}","offset":{})", offset));
  };
  const auto delta = [](int offset) {
    return pub("delta:a", fmt::format(R"("data":"D","delta":true,"offset":{})", offset));
  };
  happens(p, with_delta(1));
  happens(p, with_delta(2));
  const auto first = p.frames();
  CHECK(first == texts{full(1), delta(2)});
  happens(p, published("delta:a", R"({"n":1})", 3)); // without a delta
  auto own = with_delta(4);
  own->exclude = book->subscribes[0].where;
  happens(p, own);
  happens(p, with_delta(5)); // its base was withheld
  happens(p, with_delta(6));
  CHECK(p.frames() == texts{full(3), full(5), delta(6)});
}

TEST_CASE_METHOD(client_node, "client: a payload that is no JSON ends a client that speaks JSON",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("pub:a");
  happens(p, published("pub:a", "\xff\xfe"));
  CHECK(p.ended() == "3506 inappropriate protocol");
}

// -- slow clients ---

TEST_CASE_METHOD(client_node, "client: one too slow for publications is closed",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("pub:a", {.bounds = {.max_bytes = 4096}});
  const auto data = '"' + std::string(1500, 'x') + '"';
  happens(p, published("pub:a", data));
  happens(p, published("pub:a", data));
  CHECK(p.ended().empty());
  happens(p, published("pub:a", data));
  CHECK(p.ended() == "3008 slow");
}

TEST_CASE("client: one that does not read its replies is closed", "[net][centrifuge][client]") {
  auto o = open_to_all();
  o.queue_max_size = 4096;
  client_node n{o};
  const auto p = n.connect();
  for (int i = 0; i < 200 && p.ended().empty(); ++i)
    n.send(p, R"({"id":3,"rpc":{}})");
  CHECK(p.ended() == "3008 slow");
  CHECK(p->stats().queued_control_bytes <= o.max_reply_bytes() + 200);
}

TEST_CASE_METHOD(client_node, "client: losses to a drop policy are told to positioned subscriptions",
                 "[net][centrifuge][client]") {
  const auto p = subscribe("drop:a", {.bounds = {.max_bytes = 4096}});
  ask(p, R"({"id":3,"subscribe":{"channel":"pub:a"}})");
  const auto data = '"' + std::string(1500, 'x') + '"';
  happens(p, published("pub:a", "1"));
  happens(p, published("drop:a", data, 1, overflow::drop_oldest));
  happens(p, published("drop:a", data, 2, overflow::drop_oldest));
  happens(p, published("drop:a", data, 3, overflow::drop_oldest));
  // The unsubscribe overtakes the data, so what is queued of the channel is taken back.
  CHECK(p.frames() == texts{insufficient("drop:a"), pub("pub:a", R"("data":1)")});
  CHECK(p.ended().empty());
}
