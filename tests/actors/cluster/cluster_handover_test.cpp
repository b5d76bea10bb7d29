// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Histories of channels that move from one node to another.
#include "cluster_world.hpp"

#include <algorithm>
#include <functional>

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::cluster::test;
using namespace std::chrono_literals;

namespace {

stream_position position(const publish_answer& a) { return std::get<stream_position>(a); }

bool is_part(const packet& p, const std::string&) { return std::holds_alternative<adopt_stream>(p.what); }

history_page all_of(cluster_world& w, std::size_t at, const std::string& channel) {
  return std::get<history_page>(w.asked<history_answered>(at, get_history{channel, {.limit = -1}, 1'000'000}));
}

strings data_in(const history_page& page) {
  strings all;
  for (const auto& p : page.publications) all.push_back(p->data.bytes);
  return all;
}

/// A channel that belongs to the first of these nodes, without it to the second, and so on.
std::string channel_of_first(const strings& uids) {
  for (int i = 0;; ++i) {
    const auto name = "n" + std::to_string(i);
    if (std::ranges::is_sorted(uids, std::greater{}, [&](const auto& uid) { return view::weight(uid, name); })) return name;
  }
}

std::uint64_t moved(cluster_world& w, std::size_t at) { return w.count(at, &loop_counters::streams_moved); }
std::uint64_t lost(cluster_world& w, std::size_t at) { return w.count(at, &loop_counters::streams_lost); }

} // namespace

TEST_CASE("handover: the history of a channel goes with it when its node leaves, and subscribers recover", "[actors][cluster]") {
  cluster_world w({.nodes = 3, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c, recoverable), b = w.subscribed("b", 1, c, recoverable);
  const auto first = position(w.publish(0, c, "1"));
  w.publish(0, c, "2");
  w.leaves(1);
  CHECK(a->seen == strings{"answer", "plain:1", "plain:2", "lost"});
  CHECK(b->seen == a->seen);
  const auto again = w.subscribed("again", 0, c, recovering(first));
  CHECK(again.result().recovered);
  CHECK(data_of(again.result()) == strings{"2"});
  CHECK(position(w.publish(2, c, "3")) == stream_position{3, first.epoch});
  CHECK(again->seen == strings{"answer", "plain:3"});
  CHECK(moved(w, 1) == 1);
  CHECK(lost(w, 1) == 0);
}

TEST_CASE("handover: channels without subscribers move too, before their node goes", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  std::vector<stream_position> before;
  std::vector<std::string> of_b;
  for (int i = 0; of_b.size() < 200; ++i) {
    const auto c = "many" + std::to_string(i);
    if (view::weight("B", c) < view::weight("A", c)) continue;
    of_b.push_back(c);
    before.push_back(position(w.publish(0, c, c)));
  }
  bool is_there = false;
  w.leaves(1);
  if (const auto said = w.ask<place_taken>(w.nodes[1].engine, await_place{})) is_there = true;
  CHECK(is_there);
  CHECK(moved(w, 1) == 200);
  w.crash(1);
  for (std::size_t i = 0; i < of_b.size(); ++i) {
    const auto page = all_of(w, 0, of_b[i]);
    CHECK(page.top == before[i]);
    CHECK(data_in(page) == strings{of_b[i]});
  }
}

TEST_CASE("handover: a node that comes gets the histories of its channels, and an update of all nodes loses none",
          "[actors][cluster]") {
  cluster_world w({.nodes = 3, .channels = with_history()});
  std::map<std::string, stream_position> before;
  for (int i = 0; i < 60; ++i) {
    const auto c = "c" + std::to_string(i);
    before[c] = position(w.publish(0, c, c));
  }
  for (std::size_t at = 0; at < 3; ++at) {
    w.leaves(at);
    w.advance(1s);
    w.crash(at);
    caf::anon_send(w.nodes[(at + 1) % 3].engine, beat_came{{.from = w.nodes[at].uid, .gone = true}});
    caf::anon_send(w.nodes[(at + 2) % 3].engine, beat_came{{.from = w.nodes[at].uid, .gone = true}});
    w.run();
    w.start(at);
    w.meet_all();
    std::swap(w.nodes[at], w.nodes.back());
    w.nodes.pop_back();
  }
  std::uint64_t away = 0;
  for (std::size_t at = 0; at < 3; ++at) {
    away += moved(w, at);
    CHECK(lost(w, at) == 0);
  }
  CHECK(away > 60);
  for (const auto& [c, then] : before)
    for (std::size_t at = 0; at < 3; ++at) CHECK(all_of(w, at, c).top == then);
}

TEST_CASE("handover: what is asked of a node that has just given the channel away goes on to who has it", "[actors][cluster]") {
  cluster_world w({.nodes = 3, .channels = with_history()});
  const auto c = channel_of_first({"B", "C", "A"});
  const auto first = position(w.publish(0, c, "1"));
  w.over->deaf = {"A"};
  w.leaves(1); // A does not know
  CHECK(position(w.publish(0, c, "2")) == stream_position{2, first.epoch});
  CHECK(w.count(2, &loop_counters::publications) == 1);
  CHECK(data_in(all_of(w, 0, c)) == strings{"1", "2"});
  CHECK(std::holds_alternative<history_removed>(w.asked<remove_history_answered>(0, remove_history{c})));
  CHECK(all_of(w, 2, c).publications.empty());
}

TEST_CASE("handover: what is asked goes back to nobody who has asked, but is refused", "[actors][cluster]") {
  cluster_world w({.nodes = 3, .channels = with_history()});
  const auto c = channel_of_first({"B", "A", "C"});
  const auto first = position(w.publish(0, c, "1"));
  w.over->deaf = {"A"};
  w.leaves(1); // it belongs to A, which does not know
  CHECK(w.publish(0, c, "2") == publish_answer{error_code::internal});
  w.over->deaf.clear();
  w.advance(2s);
  CHECK(position(w.publish(0, c, "3")) == stream_position{2, first.epoch});
}

TEST_CASE("handover: what is asked of a channel waits while its history is on its way", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto first = position(w.publish(0, c, "1"));
  w.over->holds = is_part;
  w.leaves(1);
  const auto a = w.comes("a", 0);
  const auto second = w.begins_to_publish(a, 0, c, "2");
  w.asks_to_subscribe(a, 0, c, recovering({0, first.epoch}));
  w.run();
  CHECK_FALSE(*second);
  CHECK_FALSE(a->answer);
  w.release();
  CHECK(*second == publish_answer{stream_position{2, first.epoch}});
  CHECK(data_of(a.result()) == strings{"1", "2"});
}

TEST_CASE("handover: what waits for a history is bounded in bytes", "[actors][cluster]") {
  channel_settings settings;
  settings.max_pending_bytes = 10'000;
  cluster_world w({.nodes = 2, .channels = with_history(), .settings = settings});
  const auto c = w.channel_of(1);
  w.publish(0, c, "1");
  w.over->holds = is_part;
  w.leaves(1);
  const auto a = w.comes("a", 0);
  const auto waits = w.begins_to_publish(a, 0, c, std::string(8'000, 'x'));
  const auto refused = w.begins_to_publish(a, 0, c, std::string(8'000, 'y'));
  CHECK_FALSE(*waits);
  CHECK(*refused == publish_answer{error_code::too_many_requests});
  w.release();
  CHECK(position(**waits).offset == 2);
  CHECK(position(w.publish(0, c, std::string(8'000, 'z'))).offset == 3); // nothing is held any more
}

TEST_CASE("handover: a history that never comes is not waited for for ever", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto before = position(w.publish(0, c, "1"));
  w.over->holds = [](const packet& p, const std::string& to) {
    return to == "A" && (is_part(p, to) || std::holds_alternative<stream_sought>(p.what));
  };
  w.leaves(1);
  const auto a = w.comes("a", 0);
  const auto second = w.begins_to_publish(a, 0, c, "2");
  w.advance(11s);
  REQUIRE(*second);
  CHECK(position(**second).offset == 1);
  CHECK(position(**second).epoch != before.epoch);
}

TEST_CASE("handover: a long history goes in parts", "[actors][cluster]") {
  auto options = with_history();
  options.history_size = 2'000;
  cluster_world w({.nodes = 2, .channels = options});
  const auto c = w.channel_of(1);
  for (int i = 0; i < 1'000; ++i) w.publish(1, c, std::to_string(i) + std::string(2'000, 'x'));
  std::size_t parts = 0, largest = 0;
  w.over->loses = [&](const packet& p, const std::string&) {
    if (const auto* m = std::get_if<adopt_stream>(&p.what)) ++parts, largest = std::max(largest, m->part.publications.size());
    return false;
  };
  const auto before = all_of(w, 1, c);
  REQUIRE(before.publications.size() == 1'000);
  w.leaves(1);
  const auto then = all_of(w, 0, c);
  CHECK(then.top == before.top);
  CHECK(data_in(then) == data_in(before));
  CHECK((parts > 5 && parts < 20));
  CHECK(largest < 200);
}

TEST_CASE("handover: idempotency keys, versions and the age of a history go with it", "[actors][cluster]") {
  auto options = with_history();
  options.history_ttl = 60s;
  cluster_world w({.nodes = 2, .channels = options});
  const auto c = w.channel_of(1);
  auto once = centrifuge::test::world::text(c, "1");
  once.idempotency_key = "k";
  once.version = 7;
  const auto first = position(w.asked<publish_answered>(0, once));
  w.advance(30s);
  w.leaves(1);
  CHECK(position(w.asked<publish_answered>(0, once)) == first);
  auto older = centrifuge::test::world::text(c, "older");
  older.version = 6;
  CHECK(position(w.asked<publish_answered>(0, older)) == first);
  CHECK(data_in(all_of(w, 0, c)) == strings{"1"});
  w.advance(31s);
  CHECK(all_of(w, 0, c).publications.empty());
  CHECK(all_of(w, 0, c).top == first);
}

TEST_CASE("handover: who is subscribed to a channel in which nothing was published keeps its position", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c, recoverable);
  const auto at = a.result().position;
  w.leaves(1);
  const auto again = w.subscribed("again", 0, c, recovering(at));
  CHECK(again.result().recovered);
  CHECK(again.result().position == at);
}

TEST_CASE("handover: a node that was taken for gone gets what was published meanwhile", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(0);
  w.publish(0, c, "stale");
  w.cut(0);
  w.advance(20s);
  const auto elsewhere = position(w.publish(1, c, "elsewhere"));
  w.mend(0);
  w.advance(5s);
  const auto page = all_of(w, 0, c);
  CHECK(page.top == elsewhere);
  CHECK(data_in(page) == strings{"elsewhere"});
  CHECK(position(w.publish(1, c, "2")) == stream_position{2, elsewhere.epoch});
  CHECK(w.count(0, &loop_counters::publications) == 2); // of the stale one, and this: it is the owner again
}

TEST_CASE("handover: a channel that has gone on elsewhere keeps what it has, and what is lost is counted", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  w.publish(1, c, "1");
  w.over->holds = [](const packet& p, const std::string& to) {
    return to == "A" && (is_part(p, to) || std::holds_alternative<stream_sought>(p.what));
  };
  w.leaves(1);
  const auto a = w.comes("a", 0);
  const auto second = w.begins_to_publish(a, 0, c, "2");
  w.advance(11s);
  REQUIRE(*second);
  const auto then = position(**second);
  w.release();
  w.advance(5s);
  CHECK(lost(w, 1) == 1);
  CHECK(all_of(w, 0, c).top == then);
}

TEST_CASE("handover: a history goes to the next node if the one that it goes to crashes", "[actors][cluster]") {
  cluster_world w({.nodes = 3, .channels = with_history()});
  const auto c = channel_of_first({"A", "B", "C"});
  const auto before = position(w.publish(0, c, "1"));
  w.over->holds = [](const packet& p, const std::string& to) { return to == "B" && is_part(p, to); };
  w.leaves(0);
  w.crash(1);
  w.advance(8s);
  CHECK(all_of(w, 2, c).top == before);
  CHECK(moved(w, 0) == 1);
}

TEST_CASE("handover: a history comes back if the node that it goes to crashes and no other is there", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  w.crash(1);
  w.advance(10s);
  w.nodes.pop_back();
  const auto c = channel_of_first({"C", "A"});
  const auto before = position(w.publish(0, c, "1"));
  w.over->holds = [](const packet& p, const std::string& to) { return to == "C" && is_part(p, to); };
  w.start(1);
  w.advance(2s);
  w.crash(1);
  w.over->held.clear();
  w.advance(8s);
  CHECK(all_of(w, 0, c).top == before);
  CHECK(data_in(all_of(w, 0, c)) == strings{"1"});
  CHECK(lost(w, 0) == 0);
}

TEST_CASE("handover: a history goes on over a new session if the broker loses a part of it", "[actors][cluster]") {
  auto options = with_history();
  options.history_size = 1'000;
  cluster_world w({.nodes = 2, .channels = options});
  const auto c = w.channel_of(1);
  for (int i = 0; i < 500; ++i) w.publish(1, c, std::string(2'000, 'x'));
  const auto before = all_of(w, 1, c);
  w.over->loses = [n = 0](const packet& p, const std::string& to) mutable { return is_part(p, to) && ++n == 3; };
  w.leaves(1);
  w.advance(9s);
  CHECK(lost(w, 1) == 0);
  const auto then = all_of(w, 0, c);
  CHECK(then.top == before.top);
  CHECK(data_in(then) == data_in(before));
}

TEST_CASE("handover: a node owns nothing before it has found the others", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  w.crash(1);
  w.advance(10s);
  w.nodes.pop_back();
  const auto c = channel_of_first({"C", "A"});
  const auto before = position(w.publish(0, c, "1"));
  w.start(1);
  auto listed = w.ask<listed_nodes>(w.nodes[0].engine, list_nodes{});
  REQUIRE(listed);
  REQUIRE(listed->nodes.size() == 2);
  CHECK((listed->nodes[1].joining && listed->nodes[1].met));
  CHECK(position(w.publish(1, c, "2")) == stream_position{2, before.epoch});
  CHECK(w.count(0, &loop_counters::publications) == 2); // as before
  w.advance(600ms);
  CHECK(w.ask<place_taken>(w.nodes[1].engine, await_place{}));
  CHECK(position(w.publish(0, c, "3")) == stream_position{3, before.epoch});
  CHECK(w.count(1, &loop_counters::publications) == 1);
  listed = w.ask<listed_nodes>(w.nodes[0].engine, list_nodes{});
  CHECK_FALSE(listed->nodes[1].joining);
}

TEST_CASE("handover: a node that knows no owner publishes nothing before it has joined", "[actors][cluster]") {
  cluster_world w({.nodes = 1, .channels = with_history()});
  w.crash(0);
  w.nodes.clear();
  w.start(0);
  CHECK(w.publish(0, "c", "1") == publish_answer{error_code::internal});
  w.advance(600ms);
  CHECK(position(w.publish(0, "c", "1")).offset == 1);
}

TEST_CASE("handover: a channel without history begins anew where it belongs, at once", "[actors][cluster]") {
  cluster_world w({.nodes = 2});
  const auto c = w.channel_of(1);
  const auto a = w.subscribed("a", 0, c);
  w.over->holds = is_part;
  w.leaves(1);
  CHECK(a->seen == strings{"answer", "lost"});
  CHECK(std::holds_alternative<stream_position>(w.publish(0, c, "1")));
  CHECK(moved(w, 1) == 0);
}

TEST_CASE("handover: who subscribes just before the channel goes is subscribed where it goes, not to what has gone", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  const auto before = position(w.publish(1, c, "1"));
  const auto a = w.comes("a", 1);
  a->how = recoverable;
  w.asks_to_subscribe(a, 1, c, recovering(before));
  caf::anon_send(w.nodes[1].engine, leave_cluster{});
  w.scheduler().run();
  w.host(1).run_one(10); // the hub passes it on, and lets the channel go, before that one runs
  w.run();
  CHECK(a.result().recovered);
  w.publish(0, c, "2");
  CHECK(a->seen.back() == "plain:2");
}

TEST_CASE("handover: what is published just before the channel goes is in its history there, in order", "[actors][cluster]") {
  cluster_world w({.nodes = 2, .channels = with_history()});
  const auto c = w.channel_of(1);
  w.publish(1, c, "1");
  const auto a = w.comes("a", 1);
  std::vector<std::shared_ptr<std::optional<publish_answer>>> answers;
  for (const auto* data : {"2", "3"}) {
    auto& said = answers.emplace_back(std::make_shared<std::optional<publish_answer>>());
    caf::actor_cast<member_pointer>(a.who)
      ->request(w.nodes[1].hub, caf::infinite, centrifuge::test::world::text(c, data))
      .then([said](const publish_answered& m) { *said = m.value; });
  }
  caf::anon_send(w.nodes[1].engine, leave_cluster{});
  w.scheduler().run();
  w.host(1).run_one(10); // likewise
  w.run();
  for (const auto& said : answers) REQUIRE(*said);
  CHECK(position(**answers[1]).offset == 3);
  CHECK(data_in(all_of(w, 0, c)) == strings{"1", "2", "3"});
}
