// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "cluster_world.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::cluster::test;
using namespace std::chrono_literals;

namespace {

channel_options wild() {
  channel_options o;
  o.allow_wildcards = true;
  return o;
}

/// A channel that belongs to that node and that "a.*" matches.
std::string matching(cluster_world& w, std::size_t owner) { return w.channel_of(owner, "a."); }

} // namespace

TEST_CASE("cluster: a pattern gets what matches, whichever node the channel belongs to", "[actors][cluster][pattern]") {
  cluster_world w({.nodes = 3, .channels = wild()});
  const auto a = w.subscribed("a", 0, "a.*"), b = w.subscribed("b", 1, "a.*");
  for (std::size_t owner = 0; owner < 3; ++owner) {
    const auto c = matching(w, owner);
    w.publish((owner + 1) % 3, c, "1");
    CHECK(a->seen.back() == "plain:1 in " + c);
    CHECK(b->seen.back() == "plain:1 in " + c);
  }
  CHECK(a->seen.size() == 4);
}

TEST_CASE("cluster: a pattern whose subscribers are gone gets nothing any more, on any node", "[actors][cluster][pattern]") {
  cluster_world w({.nodes = 2, .channels = wild()});
  const auto a = w.subscribed("a", 0, "a.*"), b = w.subscribed("b", 1, "a.*");
  REQUIRE(w.ask<unsubscribed>(w.nodes[0].hub, unsubscribe_channel{"a.*", "a"}));
  w.advance(15s);
  const auto before = w.over->by_sender["B"];
  w.publish(1, matching(w, 1), "1");
  CHECK(w.over->by_sender["B"] == before);
  CHECK(a->seen == strings{"answer"});
  CHECK(b->seen.size() == 2); // of the other node, by the same name
}

TEST_CASE("cluster: a node that comes learns the patterns of the others", "[actors][cluster][pattern]") {
  cluster_world w({.nodes = 2, .channels = wild()});
  const auto a = w.subscribed("a", 0, "a.*");
  w.crash(1);
  w.advance(10s);
  w.nodes.pop_back();
  w.start(1);
  w.meet_all();
  const auto c = matching(w, 1);
  w.publish(1, c, "1");
  CHECK(a->seen == strings{"answer", "plain:1 in " + c});
}

TEST_CASE("cluster: the patterns of a node that is gone are forgotten", "[actors][cluster][pattern]") {
  cluster_world w({.nodes = 2, .channels = wild()});
  const auto a = w.subscribed("a", 1, "a.*");
  w.crash(1);
  w.advance(10s);
  CHECK(std::holds_alternative<stream_position>(w.publish(0, "a.x", "1")));
  CHECK(w.nodes[0].budget->used() == 0);
  CHECK(w.count(0, &loop_counters::publications) == 1);
}
