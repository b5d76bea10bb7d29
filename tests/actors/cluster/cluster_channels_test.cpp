// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "cluster_world.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::cluster::test;
using namespace std::chrono_literals;

namespace {

channel_options full() {
  auto o = with_history();
  o.presence = true;
  o.join_leave = true;
  o.force_push_join_leave = true;
  return o;
}

std::size_t offset_of(const publish_answer& a) { return std::get<stream_position>(a).offset; }

} // namespace

TEST_CASE("cluster: a publication on any node reaches the subscribers of all nodes, in one order", "[actors][cluster]") {
  cluster_world w({.nodes = 3});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c), b = w.subscribed("b", 1, c), d = w.subscribed("d", 2, c);
  w.publish(0, c, "1");
  w.publish(1, c, "2");
  w.publish(2, c, "3");
  for (const auto& f : {a, b, d}) CHECK(f->seen == strings{"answer", "plain:1", "plain:2", "plain:3"});
  CHECK(w.count(1, &loop_counters::publications) == 3); // the owner counts them
  CHECK(w.count(0, &loop_counters::subscriptions) == 1);
  CHECK(w.count(1, &loop_counters::subscriptions) == 1);
}

TEST_CASE("cluster: offsets and history are those of the channel's node, whoever asks", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  CHECK(offset_of(w.publish(0, c, "1")) == 1);
  CHECK(offset_of(w.publish(1, c, "2")) == 2);
  for (const std::size_t at : {0, 1}) {
    const auto page = std::get<history_page>(w.asked<history_answered>(at, get_history{c, {.limit = -1}}));
    CHECK(page.top.offset == 2);
    REQUIRE(page.publications.size() == 2);
    CHECK(page.publications[0]->data.bytes == "1");
  }
  CHECK(std::holds_alternative<history_removed>(w.asked<remove_history_answered>(0, remove_history{c})));
  CHECK(std::get<history_page>(w.asked<history_answered>(1, get_history{c, {.limit = -1}})).publications.empty());
}

TEST_CASE("cluster: a subscriber recovers what it missed from the channel's node", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto first = std::get<stream_position>(w.publish(0, c, "1"));
  w.publish(0, c, "2");
  w.publish(1, c, "3");
  const auto a = w.subscribed("a", 0, c, recovering(first));
  CHECK(a.result().recovered);
  CHECK(data_of(a.result()) == strings{"2", "3"});
  w.publish(1, c, "4");
  CHECK(a->seen == strings{"answer", "plain:4"});
}

TEST_CASE("cluster: an idempotency key holds on all nodes", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  auto once = centrifuge::test::world::text(c, "1");
  once.idempotency_key = "k";
  CHECK(offset_of(w.asked<publish_answered>(0, once)) == 1);
  CHECK(offset_of(w.asked<publish_answered>(1, once)) == 1);
  CHECK(w.count(1, &loop_counters::publications) == 1);
}

TEST_CASE("cluster: presence is of all nodes, and of each member until its connection ends", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = full()});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c, {}, "ann"), b = w.subscribed("b", 1, c, {}, "bob");
  for (const std::size_t at : {0, 1}) {
    const auto stats = std::get<presence_stats_result>(w.asked<presence_stats_answered>(at, get_presence_stats{c}));
    CHECK((stats.clients == 2 && stats.users == 2));
    const auto who = std::get<presence_result>(w.asked<presence_answered>(at, get_presence{c}));
    CHECK(who.clients.at("a").user == "ann");
  }
  caf::anon_send_exit(a.who, caf::exit_reason::kill);
  w.run();
  CHECK(std::get<presence_stats_result>(w.asked<presence_stats_answered>(1, get_presence_stats{c})).clients == 1);
  CHECK(w.count(0, &loop_counters::subscriptions) == 0);
}

TEST_CASE("cluster: who joins and leaves is told on all nodes, once", "[actors][cluster]") {
  cluster_world w({.nodes = 3, .channels = full()});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c, with_joins);
  const auto b = w.subscribed("b", 1, c, with_joins);
  const auto d = w.subscribed("d", 2, c, with_joins);
  CHECK(a->seen == strings{"answer", "join:a", "join:b", "join:d"});
  CHECK(b->seen == strings{"answer", "join:b", "join:d"});
  REQUIRE(w.ask<unsubscribed>(w.nodes[2].hub, unsubscribe_channel{c, "d"}));
  CHECK(a->seen.back() == "leave:d");
  CHECK(b->seen.back() == "leave:d");
}

TEST_CASE("cluster: a publisher that is not to get its own publication does not, wherever it is", "[actors][cluster]") {
  cluster_world w({.nodes = 2});
  const auto c = w.channel_of(1);
  const auto here = w.subscribed("here", 0, c), there = w.subscribed("there", 1, c);
  REQUIRE(here->where == there->where); // handles are of one node
  w.publish(0, c, "1", here->where);
  w.publish(1, c, "2", there->where);
  CHECK(here->seen == strings{"answer", "plain:2"});
  CHECK(there->seen == strings{"answer", "plain:1"});
}

TEST_CASE("cluster: a node encodes for its own subscribers, deltas too", "[actors][cluster]") {
  auto options = with_history();
  options.allowed_delta_types = {"fossil"};
  options.delta_publish = true;
  cluster_world w({.nodes = 2, .channels = options});
  const auto c = w.channel_of(1);
  const std::string text(200, 'x');
  centrifuge::test::subscription how = recoverable;
  how.delta = true;
  const auto a = w.subscribed("a", 0, c, how);
  w.publish(1, c, "\"" + text + "1\"");
  w.publish(1, c, "\"" + text + "2\"");
  w.publish(0, c, "\"" + text + "3\"");
  REQUIRE(a->seen.size() == 4);
  CHECK(a->seen[1].starts_with("full:"));
  CHECK(a->seen[2].starts_with("delta:"));
  CHECK(a->seen[3].starts_with("delta:"));
}

TEST_CASE("cluster: a node without subscribers of a channel gets nothing of it", "[actors][cluster]") {
  cluster_world w({.nodes = 3});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c);
  const auto before = w.over->by_sender["B"];
  for (int i = 0; i < 10; ++i) w.publish(1, c, "1");
  CHECK(w.over->by_sender["B"] - before == 10);
  REQUIRE(w.ask<unsubscribed>(w.nodes[0].hub, unsubscribe_channel{c, "a"}));
  const auto then = w.over->packets;
  w.publish(1, c, "1");
  CHECK(w.over->packets == then);
}

TEST_CASE("cluster: the channel of a crashed node goes on elsewhere, with another epoch", "[actors][cluster]") {
  cluster_world w({.nodes = 3, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c, recoverable);
  const auto before = std::get<stream_position>(w.publish(0, c, "1"));
  w.crash(1);
  const auto second = w.begins_to_publish(a, 0, c, "2");
  CHECK_FALSE(*second);
  w.advance(10s);
  CHECK(*second == publish_answer{error_code::internal}); // not lost silently
  CHECK(a->seen == strings{"answer", "plain:1", "lost"});
  CHECK(w.nodes[0].log->named("node_lost").size() != 0);
  const auto again = w.subscribed("again", 0, c, recovering(before));
  CHECK_FALSE(again.result().recovered);
  CHECK(std::get<stream_position>(w.publish(2, c, "3")).epoch != before.epoch);
  CHECK(again->seen == strings{"answer", "plain:3"});
}

TEST_CASE("cluster: members of a crashed node leave, and that is told", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = full()});
  const auto c = w.channel_of(0);
  const auto a = w.subscribed("a", 0, c, with_joins);
  const auto b = w.subscribed("b", 1, c);
  w.crash(1);
  w.advance(10s);
  CHECK(a->seen == strings{"answer", "join:a", "join:b", "leave:b"});
  CHECK(std::get<presence_stats_result>(w.asked<presence_stats_answered>(0, get_presence_stats{c})).clients == 1);
}

TEST_CASE("cluster: a node that comes takes over its channels, and their subscribers start anew", "[actors][cluster]") {
  cluster_world w({.nodes = 3});
  w.crash(2);
  w.advance(10s);
  w.nodes.pop_back();
  std::vector<fan> all;
  for (int i = 0; i < 30; ++i) all.push_back(w.subscribed("f" + std::to_string(i), 0, "c" + std::to_string(i)));
  w.start(2);
  w.meet_all();
  std::size_t moved = 0;
  for (int i = 0; i < 30; ++i) {
    const bool lost = all[static_cast<std::size_t>(i)]->seen.back() == "lost";
    const auto c = "c" + std::to_string(i);
    const bool is_of_d = view::weight("D", c) > view::weight("A", c) && view::weight("D", c) > view::weight("B", c);
    CHECK(lost == is_of_d); // and no other
    moved += lost ? 1 : 0;
  }
  CHECK(moved > 3);
}

TEST_CASE("cluster: a channel that fails is lost to subscribers of all nodes", "[actors][cluster]") {
  cluster_world w({.nodes = 2});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c), b = w.subscribed("b", 1, c);
  CHECK(w.publish(0, c, "crash") == publish_answer{error_code::internal});
  CHECK(a->seen.back() == "lost");
  CHECK(b->seen.back() == "lost");
  w.asks_to_subscribe(a, 0, c);
  w.run();
  w.publish(1, c, "1");
  CHECK(a->seen.back() == "plain:1");
}

TEST_CASE("cluster: a mirror goes when nobody needs it, and its channel then", "[actors][cluster]") {
  cluster_world w({.nodes = 2});
  const auto c = w.channel_of(1);
  const auto actors = w.running();
  const auto a = w.subscribed("a", 0, c);
  w.advance(60s);
  CHECK(w.count(0, &loop_counters::channels) == 1);
  CHECK(w.count(1, &loop_counters::channels) == 1);
  caf::anon_send_exit(a.who, caf::exit_reason::kill);
  w.advance(15s);
  CHECK(w.count(0, &loop_counters::channels) == 0);
  CHECK(w.count(1, &loop_counters::channels) == 0);
  CHECK(w.running() == actors);
}

TEST_CASE("cluster: a client that ends while its subscription is asked for is no member", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = full()});
  const auto c = w.channel_of(1);
  const auto a = w.comes("a", 0);
  w.asks_to_subscribe(a, 0, c);
  caf::anon_send_exit(a.who, caf::exit_reason::kill);
  w.run();
  CHECK(std::get<presence_stats_result>(w.asked<presence_stats_answered>(1, get_presence_stats{c})).clients == 0);
  CHECK(w.count(0, &loop_counters::subscriptions) == 0);
}

TEST_CASE("cluster: a second subscription of a client is refused while the first is asked for", "[actors][cluster]") {
  cluster_world w({.nodes = 2});
  const auto c = w.channel_of(1);
  const auto a = w.comes("a", 0);
  w.asks_to_subscribe(a, 0, c);
  w.asks_to_subscribe(a, 0, c);
  w.run();
  CHECK(a->seen == strings{"answer", "answer"});
  CHECK(w.count(0, &loop_counters::subscriptions) == 1);
}

TEST_CASE("cluster: subscribers of a mirror that fails start anew, and count once where the channel is", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = full()});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c, recoverable), b = w.subscribed("b", 0, c, recoverable);
  w.publish(1, c, "crash"); // encoded where there are subscribers, which is on the other node
  CHECK(a->seen.back() == "lost");
  CHECK(std::get<presence_stats_result>(w.asked<presence_stats_answered>(1, get_presence_stats{c})).clients == 0);
  w.asks_to_subscribe(a, 0, c, recoverable);
  w.run();
  CHECK(std::holds_alternative<subscribe_result>(*a->answer));
  w.publish(1, c, "1");
  CHECK(a->seen.back() == "plain:1");
  CHECK(std::get<presence_stats_result>(w.asked<presence_stats_answered>(1, get_presence_stats{c})).clients == 1);
}

TEST_CASE("cluster: who subscribes while the channel moves is subscribed where it is then", "[actors][cluster]") {
  cluster_world w({.nodes = 3, .channels = full()});
  const auto c = w.channel_of(1);
  const auto a = w.comes("a", 0);
  w.over->holds = [](const packet& p, const std::string& to) {
    return to == "A" && std::holds_alternative<subscribe_answered>(p.what);
  };
  w.asks_to_subscribe(a, 0, c, recoverable);
  w.run();
  CHECK_FALSE(a->answer);
  w.leaves(1);
  w.release();
  REQUIRE(a->answer);
  CHECK(std::holds_alternative<subscribe_result>(*a->answer));
  CHECK(a->seen.size() == 1);
  w.publish(2, c, "1");
  CHECK(a->seen.back() == "plain:1");
  CHECK(std::get<presence_stats_result>(w.asked<presence_stats_answered>(2, get_presence_stats{c})).clients == 1);
}

namespace {

struct portal_stub_state {
  static constexpr const char* name = "portal";
};

portal_actor::behavior_type portal_stub(portal_actor::stateful_pointer<portal_stub_state>, std::shared_ptr<int> events) {
  return {[events](const fan_out_event& m) {
            ++*events;
            return fanned_out{m.event->sequence};
          },
          [](const close_elsewhere&) {}};
}

} // namespace

TEST_CASE("cluster: a node that asks again for its client, having given up, is granted it, and another one is not",
          "[actors][cluster]") {
  cluster_world w({.nodes = 1, .channels = full()});
  const auto events = std::make_shared<int>(0);
  const auto there = w.system().spawn(portal_stub, events), elsewhere = w.system().spawn(portal_stub, events);
  subscribe_channel question{.channel = "c", .where = {}, .info = {"ann", "a", {}, {}}, .features = {true, true, true}};
  question.via = there;
  for (int i = 0; i < 2; ++i)
    CHECK(std::holds_alternative<subscribe_result>(w.asked<subscribe_answered>(0, question)));
  CHECK(std::get<presence_stats_result>(w.asked<presence_stats_answered>(0, get_presence_stats{"c"})).clients == 1);
  *events = 0;
  w.publish(0, "c", "1");
  CHECK(*events == 1);
  question.via = elsewhere;
  CHECK(std::get<error_code>(w.asked<subscribe_answered>(0, question)) == error_code::already_subscribed);
  caf::anon_send_exit(there, caf::exit_reason::kill);
  w.run();
  CHECK(std::get<presence_stats_result>(w.asked<presence_stats_answered>(0, get_presence_stats{"c"})).clients == 0);
  caf::anon_send_exit(elsewhere, caf::exit_reason::kill);
}
