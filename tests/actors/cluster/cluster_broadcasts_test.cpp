// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "cluster_world.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::cluster::test;

namespace {

broadcast text(target to, std::string_view bytes) { return {.to = std::move(to), .message = frame::encode(opcode::text, bytes)}; }

} // namespace

TEST_CASE("cluster: a broadcast reaches the connections of all nodes, once and in order", "[actors][cluster]") {
  cluster_world w({.nodes = 3});
  const auto a = w.connects(0), b = w.connects(1), c = w.connects(2);
  for (const auto* what : {"1", "2", "3"}) caf::anon_send(w.nodes[0].registry, text(target::everyone(), what));
  w.run();
  std::string joined;
  for (const auto& seen : {a, b, c}) {
    joined.clear();
    for (const auto& s : *seen) joined += s;
    // Neighbours are joined: their frames are what is left of headers and payloads.
    CHECK(joined.find('1') < joined.find('2'));
    CHECK(joined.find('2') < joined.find('3'));
    CHECK(std::ranges::count(joined, '3') == 1);
  }
}

TEST_CASE("cluster: a broadcast for this node only stays on it", "[actors][cluster]") {
  cluster_world w;
  const auto a = w.connects(0), b = w.connects(1);
  auto what = text(target::everyone(), "1");
  what.here_only = true;
  caf::anon_send(w.nodes[0].registry, what);
  w.run();
  CHECK(*a == strings{"1"});
  CHECK(b->empty());
}

TEST_CASE("cluster: a target is looked for on all nodes, and the receipt is of all", "[actors][cluster]") {
  cluster_world w({.nodes = 3});
  const auto a = w.connects(0, {"g"}), b = w.connects(1), c = w.connects(2, {"g"});
  const auto r = w.ask<receipt>(w.nodes[1].registry, confirm_broadcast{text(target::group("g"), "1")});
  REQUIRE(r);
  CHECK((r->matched == 2 && r->queued == 2));
  CHECK((*a == strings{"1"} && *c == strings{"1"} && b->empty()));
  const auto closed = w.ask<receipt>(w.nodes[1].registry, close_connections{target::group("g")});
  REQUIRE(closed);
  CHECK(closed->matched == 2);
  CHECK((a->back() == "closed" && c->back() == "closed"));
}

TEST_CASE("cluster: connections of all nodes are put into a group", "[actors][cluster]") {
  cluster_world w;
  const auto a = w.connects(0), b = w.connects(1);
  const auto r = w.ask<receipt>(w.nodes[0].registry, change_membership{.of = target::everyone(), .name = "g"});
  REQUIRE(r);
  CHECK(r->matched == 2);
  caf::anon_send(w.nodes[0].registry, text(target::group("g"), "1"));
  w.run();
  CHECK((*a == strings{"1"} && *b == strings{"1"}));
}

TEST_CASE("cluster: broadcasts beyond what may wait for other nodes are counted, and sent here", "[actors][cluster]") {
  cluster_world w;
  const auto a = w.connects(0), b = w.connects(1);
  w.nodes[0].relay_budget->take_always(64 * 1024);
  caf::anon_send(w.nodes[0].registry, text(target::everyone(), "1"));
  w.run();
  CHECK(*a == strings{"1"});
  CHECK(b->empty());
  CHECK(w.count(0, &loop_counters::relays_dropped) == 1);
  w.nodes[0].relay_budget->give_back(64 * 1024);
  caf::anon_send(w.nodes[0].registry, text(target::everyone(), "2"));
  w.run();
  CHECK(*b == strings{"2"});
  CHECK(w.nodes[0].relay_budget->used() == 0);
  CHECK(w.nodes[0].budget->used() == 0);
}
