// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "cluster_world.hpp"

using namespace troupe;
using namespace troupe::cluster;

namespace {

std::string name(int i) { return "channel" + std::to_string(i); }

/// The one of `uids` that has a channel.
std::size_t owner(const std::vector<std::string>& uids, const std::string& channel) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < uids.size(); ++i)
    if (view::weight(uids[i], channel) > view::weight(uids[best], channel)) best = i;
  return best;
}

} // namespace

TEST_CASE("view: a node that is alone has all channels", "[actors][cluster]") {
  const view alone{"A", {}, true};
  CHECK_FALSE(alone.owner_of("c"));
  const view leaving{"A", {}, true, false};
  CHECK_FALSE(leaving.owner_of("c"));
}

TEST_CASE("view: channels are dealt out evenly, and only those of a node that goes move", "[actors][cluster]") {
  const std::vector<std::string> four{"9ea1f2ae", "41e0c6a1", "c9b7a1b2", "0d4f33c8"};
  const std::vector<std::string> three{four.begin(), four.end() - 1};
  std::array<int, 4> dealt{};
  for (int i = 0; i < 10'000; ++i) {
    const auto had = owner(four, name(i));
    ++dealt[had];
    if (had != 3) CHECK(owner(three, name(i)) == had);
  }
  for (const auto n : dealt) CHECK((n > 2'300 && n < 2'700));
}

TEST_CASE("view: who owns a channel does not depend on what built the program", "[actors][cluster]") {
  CHECK(view::weight("9ea1f2ae", "news") == 0x74e8f1b2f7aa57d3);
}

TEST_CASE("view: a node that leaves owns nothing, but still asks", "[actors][cluster]") {
  cluster::test::cluster_world w({.nodes = 2});
  const auto channel = w.channel_of(1);
  caf::anon_send(w.nodes[1].engine, leave_cluster{});
  w.run();
  CHECK(std::holds_alternative<centrifuge::stream_position>(w.publish(1, channel, "1")));
  CHECK(w.count(0, &loop_counters::publications) == 1);
  CHECK(w.count(1, &loop_counters::publications) == 0);
}
