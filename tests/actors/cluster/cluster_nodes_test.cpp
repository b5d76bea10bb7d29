// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "cluster_world.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::cluster::test;
using namespace std::chrono_literals;

TEST_CASE("cluster: nodes find each other, and tell whom they know", "[actors][cluster]") {
  cluster_world w({.nodes = 3});
  const auto all = w.ask<listed_nodes>(w.nodes[0].engine, list_nodes{});
  REQUIRE(all);
  CHECK(all->connected);
  REQUIRE(all->nodes.size() == 3);
  CHECK((all->nodes[0].self && all->nodes[0].name == "node-A"));
  for (const auto& n : all->nodes) CHECK(n.met);
  CHECK(w.nodes[0].figures->nodes.value() == 2);
  CHECK(w.nodes[1].log->named("node_met").size() != 0);
}

TEST_CASE("cluster: an event that the broker loses makes its subscribers start anew", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c, recoverable);
  const auto b = w.subscribed("b", 1, c, recoverable);
  w.publish(1, c, "1");
  w.over->loses = [](const packet& p, const std::string&) { return std::holds_alternative<distant_event>(p.what); };
  const auto lost = std::get<stream_position>(w.publish(1, c, "2"));
  w.over->loses = [](const packet&, const std::string&) { return false; };
  w.advance(5s); // found by the next sign of life, though nothing else is published
  CHECK(a->seen == strings{"answer", "plain:1", "lost"});
  CHECK(b->seen == strings{"answer", "plain:1", "plain:2"}); // nothing was lost here
  const auto again = w.subscribed("again", 0, c, recovering({1, lost.epoch}));
  CHECK(again.result().recovered);
  CHECK(data_of(again.result()) == strings{"2"});
  CHECK(w.nodes[0].figures->sessions_lost.value() == 1);
}

TEST_CASE("cluster: a question or answer that is lost fails in time, and leaves no member behind", "[actors][cluster]") {
  channel_options options;
  options.presence = true;
  cluster_world w({.nodes = 2, .channels = options});
  const auto c = w.channel_of(1);
  w.over->loses = [left = 1](const packet& p, const std::string&) mutable {
    return std::holds_alternative<subscribe_answered>(p.what) && left-- > 0;
  };
  const auto a = w.comes("a", 0);
  w.asks_to_subscribe(a, 0, c);
  w.advance(10s);
  REQUIRE(a->seen.size() >= 1);
  CHECK(std::get<presence_stats_result>(w.asked<presence_stats_answered>(1, get_presence_stats{c})).clients == 0);
  w.asks_to_subscribe(a, 0, c);
  w.run();
  CHECK(std::holds_alternative<subscribe_result>(*a->answer));
}

TEST_CASE("cluster: without the broker publications are refused, and subscribers stay", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto mine = w.channel_of(0), theirs = w.channel_of(1);
  const auto a = w.subscribed("a", 0, mine), b = w.subscribed("b", 0, theirs);
  w.cut(0);
  CHECK(w.publish(0, mine, "1") == publish_answer{error_code::internal});
  CHECK(w.publish(0, theirs, "1") == publish_answer{error_code::internal});
  const auto late = w.comes("late", 0);
  w.asks_to_subscribe(late, 0, theirs);
  w.run();
  CHECK(late.error() == error_code::internal); // at once
  w.advance(3s);
  CHECK(a->seen == strings{"answer"});
  CHECK(b->seen == strings{"answer"});
  CHECK(w.nodes[0].log->named("broker_lost").size() != 0);
  w.mend(0);
  w.advance(3s);
  CHECK(std::holds_alternative<stream_position>(w.publish(0, mine, "2")));
  CHECK(std::holds_alternative<stream_position>(w.publish(0, theirs, "2")));
  CHECK(a->seen == strings{"answer", "plain:2"});
  CHECK(b->seen == strings{"answer", "plain:2"}); // nothing was lost meanwhile, so nobody starts anew
}

TEST_CASE("cluster: a broker that stands still is no reason to believe that nodes are gone", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto mine = w.channel_of(0), theirs = w.channel_of(1);
  const auto a = w.subscribed("a", 0, theirs, recoverable);
  w.over->cut = {"A", "B"}; // and nobody is told
  w.advance(4s);
  CHECK(w.nodes[0].figures->connected.value() == 0);
  CHECK(w.publish(0, mine, "1") == publish_answer{error_code::internal});
  CHECK(w.publish(0, theirs, "1") == publish_answer{error_code::internal});
  w.advance(20s);
  CHECK(w.nodes[0].log->named("node_lost").empty());
  CHECK(w.nodes[1].log->named("node_lost").empty());
  w.over->cut.clear();
  w.advance(3s);
  CHECK(std::holds_alternative<stream_position>(w.publish(0, theirs, "2")));
  CHECK(a->seen == strings{"answer", "plain:2"});
}

TEST_CASE("cluster: nodes that did not hear of each other for long begin anew, and their subscribers with them",
          "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c, recoverable);
  w.cut(0);
  w.advance(20s);
  CHECK(w.nodes[1].log->named("node_lost").size() != 0);
  CHECK(w.nodes[0].log->named("node_lost").empty()); // it is the broker that is gone
  w.mend(0);
  w.advance(5s);
  CHECK(a->seen == strings{"answer", "lost"});
  w.asks_to_subscribe(a, 0, c, recoverable);
  w.run();
  w.publish(1, c, "1");
  CHECK(a->seen.back() == "plain:1");
  CHECK(w.nodes[0].figures->nodes.value() == 1);
}

TEST_CASE("cluster: a node that others took for gone gives its channels up, for they may have published in them", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(0);
  const auto a = w.subscribed("a", 0, c, recoverable);
  const auto before = std::get<stream_position>(w.publish(0, c, "1"));
  w.cut(0);
  w.advance(20s);
  CHECK(std::holds_alternative<stream_position>(w.publish(1, c, "elsewhere")));
  w.mend(0);
  w.advance(5s);
  CHECK(a->seen == strings{"answer", "plain:1", "lost"});
  CHECK(w.nodes[0].log->named("channels_renounced").size() == 1);
  w.asks_to_subscribe(a, 0, c, recovering(before));
  w.run();
  CHECK_FALSE(a.result().recovered); // something is missing, and it is told so
  CHECK(w.nodes[1].log->named("channels_renounced").empty());
}

TEST_CASE("cluster: while a session begins anew, the channels of that node stay its own", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto before = std::get<stream_position>(w.publish(0, c, "1"));
  w.over->loses = [](const packet& p, const std::string&) { return std::holds_alternative<publish_answered>(p.what); };
  const auto a = w.comes("a", 0);
  w.begins_to_publish(a, 0, c, "2");
  w.over->loses = [](const packet&, const std::string& to) { return to == "B"; };
  w.advance(2s); // A has found it out, and cannot greet B yet
  CHECK(w.publish(0, c, "3") == publish_answer{error_code::internal});
  w.over->loses = [](const packet&, const std::string&) { return false; };
  w.advance(3s);
  const auto then = std::get<stream_position>(w.publish(0, c, "4"));
  CHECK(then == stream_position{3, before.epoch});
  CHECK(w.nodes[0].log->named("channels_renounced").empty());
}

TEST_CASE("cluster: what there is no room for on the way to the broker is refused or found missing", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c, recoverable);
  w.nodes[0].budget->take_always(1024 * 1024);
  CHECK(w.publish(0, c, "1") == publish_answer{error_code::too_many_requests});
  w.nodes[0].budget->give_back(1024 * 1024);
  CHECK(std::holds_alternative<stream_position>(w.publish(0, c, "2")));
  CHECK(a->seen == strings{"answer", "plain:2"});
  w.nodes[1].budget->take_always(1024 * 1024);
  w.publish(1, c, "3");
  w.nodes[1].budget->give_back(1024 * 1024);
  w.advance(5s);
  CHECK(a->seen == strings{"answer", "plain:2", "lost"});
  CHECK(w.nodes[1].figures->dropped.value() == 1);
}

TEST_CASE("cluster: a node asks all others", "[actors][cluster]") {
  cluster_world w({.nodes = 3});
  const auto said = w.ask<nodes_said>(w.nodes[0].engine, ask_nodes{{"info", "{}"}});
  REQUIRE(said);
  REQUIRE(said->answers.size() == 2);
  CHECK(said->answers[0].body == "B:info:{}");
  CHECK(said->answers[1].body == "C:info:{}");
  CHECK(said->missing == 0);
  w.crash(2);
  const auto then = w.ask<nodes_said>(w.nodes[0].engine, ask_nodes{{"info", "{}"}});
  CHECK_FALSE(then); // until it is found out, or its time is over
  w.advance(6s);
  const auto now = w.ask<nodes_said>(w.nodes[0].engine, ask_nodes{{"info", "{}"}});
  REQUIRE(now);
  CHECK(now->answers.size() == 1);
}

TEST_CASE("cluster: a packet of a session that is over changes nothing", "[actors][cluster]") {
  cluster_world w({.nodes = 2});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c);
  auto old = std::make_shared<packet>(packet{"B", 4711, 4712, 7, 0, distant_event{c}});
  caf::anon_send(w.nodes[0].engine, packet_came{old});
  w.run();
  CHECK(a->seen == strings{"answer"});
  CHECK(w.nodes[0].figures->nodes.value() == 1);
}
