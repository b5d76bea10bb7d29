// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/event_order.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::centrifuge;

namespace {

using texts = std::vector<std::string>;

constexpr event_order::time_point start{1000s};

connection_profile_ptr someone(const std::string& user, std::uint16_t shard = 0,
                               transport_kind over = transport_kind::centrifuge_json) {
  return {new connection_profile({shard, 1, 0}, client_id::random(), user, {}, {}, {over}, {}), false};
}

event_order::event up(const connection_profile_ptr& who) { return connection_event{connection_up{who, {}}}; }
event_order::event down(const connection_profile_ptr& who) { return connection_event{connection_down{who, {}, {}, {}}}; }
event_order::event joined(const connection_profile_ptr& who, const std::string& channel) {
  return channel_change{member_joined{channel, who->user, who->id.to_string(), {}}};
}
event_order::event left(const connection_profile_ptr& who, const std::string& channel) {
  return channel_change{member_left{channel, who->user, who->id.to_string(), {}}};
}
event_order::event occupied(const std::string& channel) { return channel_change{channel_occupied{channel, {}}}; }
event_order::event vacated(const std::string& channel) { return channel_change{channel_vacated{channel, {}}}; }
event_order::event failed(const std::string& channel) {
  return channel_change{channel_vacated{channel, {}, channel_vacated::cause::failed}};
}

std::string text_of(const event_order::event& what) {
  struct visitor {
    std::string operator()(const connection_event& e) const { return std::visit(*this, e); }
    std::string operator()(const channel_change& e) const { return std::visit(*this, e); }
    std::string operator()(const connection_up& m) const { return "up " + m.who->user; }
    std::string operator()(const connection_changed& m) const { return "changed " + m.who->user; }
    std::string operator()(const connection_down& m) const { return "down " + m.who->user; }
    std::string operator()(const connection_refused& m) const { return "refused " + m.end.who->user; }
    std::string operator()(const channel_occupied& m) const { return "occupied " + m.channel; }
    std::string operator()(const channel_vacated& m) const { return "vacated " + m.channel; }
    std::string operator()(const member_joined& m) const { return m.user + " joined " + m.channel; }
    std::string operator()(const member_left& m) const { return m.user + " left " + m.channel; }
  };
  return std::visit(visitor{}, what);
}

// What one source tells at once, event after event.
connection_events batch_of(const connection_event& what, event_order::time_point at) { return {.events = {what}, .times = {at}}; }
channel_changes batch_of(const channel_change& what, event_order::time_point at) { return {.events = {what}, .times = {at}}; }

event_order::events add_to(event_order& order, const event_order::event& what, event_order::time_point at,
                           event_order::time_point now = start) {
  return std::visit([&](const auto& e) { return order.add(batch_of(e, at), now); }, what);
}

struct line {
  explicit line(event_order::bounds limits = {}) : order(limits) {}

  /// They happen one after the other, and the sources have nothing more to tell.
  void add(const event_order::events& all, event_order::time_point now = start) {
    for (const auto& each : all) come(each, ++at, now);
    sync();
  }
  void come(const event_order::event& what, event_order::time_point when, event_order::time_point now = start) {
    note(add_to(order, what, when, now));
  }
  void sync() {
    while (order.wants_sync()) {
      order.begin_sync();
      note(order.end_sync());
    }
  }
  void note(const event_order::events& out) {
    for (const auto& each : out) seen.push_back(text_of(each));
  }
  texts take() { return std::exchange(seen, {}); }

  event_order order;
  event_order::time_point at = start;
  texts seen;
};

} // namespace

TEST_CASE("event order: what comes in order goes on in it once the sources are synced", "[actors][centrifuge]") {
  line l;
  const auto ann = someone("ann");
  l.add({up(ann), occupied("a"), joined(ann, "a"), left(ann, "a"), vacated("a"), down(ann)});
  CHECK(l.seen == texts{"up ann", "occupied a", "ann joined a", "ann left a", "vacated a", "down ann"});
  CHECK(l.order.waiting() == 0);
}

TEST_CASE("event order: what happened before goes on before, whichever source was faster", "[actors][centrifuge]") {
  line l;
  const auto first = someone("ann", 0), again = someone("ann", 1);
  l.come(up(again), start + 5ms);
  CHECK(l.order.wants_sync());
  l.order.begin_sync();
  CHECK_FALSE(l.order.wants_sync());
  l.come(down(first), start + 4ms);
  l.come(joined(again, "b"), start + 7ms);
  l.come(left(first, "a"), start + 2ms);
  l.come(joined(first, "a"), start + 1ms);
  l.come(up(first), start);
  CHECK(l.seen.empty());
  l.note(l.order.end_sync());
  CHECK(l.take() == texts{"up ann", "ann joined a", "ann left a", "down ann", "up ann"});
  l.sync();
  CHECK(l.seen == texts{"ann joined b"});
}

TEST_CASE("event order: who joins before being up is up first, and the channel waits with it, others do not",
          "[actors][centrifuge]") {
  line l;
  const auto ann = someone("ann"), bob = someone("bob");
  l.add({up(bob)});
  l.come(occupied("a"), start + 1ms);
  l.come(joined(ann, "a"), start + 1ms);
  l.come(joined(bob, "a"), start + 2ms);
  l.come(joined(bob, "b"), start + 3ms);
  l.order.begin_sync();
  l.note(l.order.end_sync());
  CHECK(l.take() == texts{"up bob", "bob joined b"});
  l.come(up(ann), start + 4ms);
  l.sync();
  CHECK(l.seen == texts{"up ann", "occupied a", "ann joined a", "bob joined a"});
}

TEST_CASE("event order: nobody waits for an up that did not come with the next sync", "[actors][centrifuge]") {
  line l;
  const auto ann = someone("ann"), bob = someone("bob");
  l.add({up(bob), down(ann)}); // her subscription was under way
  l.take();
  l.come(occupied("a"), start + 1ms);
  l.come(joined(ann, "a"), start + 1ms);
  l.come(joined(bob, "a"), start + 2ms);
  l.order.begin_sync();
  l.note(l.order.end_sync());
  CHECK(l.seen.empty());
  CHECK(l.order.wants_sync());
  l.sync();
  CHECK(l.seen == texts{"occupied a", "ann joined a", "bob joined a"});
  CHECK(l.order.waiting() == 0);
}

TEST_CASE("event order: who is down has left before, and what else its user does comes after, on any loop",
          "[actors][centrifuge]") {
  line l;
  const auto first = someone("ann", 0), again = someone("ann", 1), bob = someone("bob");
  l.add({up(first), up(bob), joined(first, "a"), joined(first, "b")});
  l.take();
  l.add({down(first), up(again), down(bob), joined(again, "c"), left(first, "a"), vacated("a")});
  CHECK(l.take() == texts{"down bob", "ann left a", "vacated a"});
  l.add({left(first, "b"), vacated("b")});
  CHECK(l.seen == texts{"ann left b", "down ann", "up ann", "ann joined c", "vacated b"});
  CHECK(l.order.waiting() == 0);
}

TEST_CASE("event order: those who come back elsewhere before they were seen to leave do not wait for each other",
          "[actors][centrifuge]") {
  line l;
  const auto ann = someone("ann", 0), bob = someone("bob", 0), ann2 = someone("ann", 1), bob2 = someone("bob", 1);
  l.add({up(ann), up(bob), joined(ann, "b"), joined(bob, "a")});
  l.take();
  l.add({down(ann), down(bob), up(ann2), up(bob2), joined(ann2, "a"), joined(bob2, "b"), left(bob, "a"), left(ann, "b")});
  CHECK(l.take() == texts{"up ann", "ann joined a", "bob left a", "down bob", "up bob", "bob joined b", "ann left b", "down ann"});
  CHECK(l.order.waiting() == 0);
}

TEST_CASE("event order: a down that is told before the lefts waits for them, one of nobody's channels does not",
          "[actors][centrifuge]") {
  line l;
  const auto ann = someone("ann"), cid = someone("cid");
  l.add({up(ann), up(cid), joined(cid, "a")});
  l.take();
  l.add({down(ann), down(cid)});
  CHECK(l.take() == texts{"down ann"});
  l.add({left(cid, "a"), vacated("a")});
  CHECK(l.seen == texts{"cid left a", "down cid", "vacated a"});
}

TEST_CASE("event order: when a channel fails nobody waits for those who have not left it", "[actors][centrifuge]") {
  line l;
  const auto ann = someone("ann"), bob = someone("bob");
  l.add({up(ann), up(bob), joined(ann, "a"), joined(ann, "b"), joined(bob, "a"), down(ann), down(bob)});
  l.take();
  l.add({failed("a")});
  CHECK(l.take() == texts{"vacated a", "down bob"});
  l.add({left(ann, "b")});
  CHECK(l.seen == texts{"ann left b", "down ann"});
}

TEST_CASE("event order: nothing waits for longer than the patience", "[actors][centrifuge]") {
  line l;
  const auto ann = someone("ann"), bob = someone("bob");
  l.add({up(ann), joined(ann, "a"), down(ann)}); // the left is missing
  l.come(up(bob), start + 1s, start + 1s);       // and here the sources do not answer
  l.order.begin_sync();
  l.take();
  l.note(l.order.expire(start + 4999ms));
  CHECK(l.seen.empty());
  l.note(l.order.expire(start + 5s));
  CHECK(l.take() == texts{"down ann"});
  l.note(l.order.expire(start + 6s));
  CHECK(l.take() == texts{"up bob"});
  CHECK(l.order.waiting() == 0);
  l.note(l.order.end_sync());
  CHECK(l.seen.empty());
}

TEST_CASE("event order: at its bound all that waits goes on", "[actors][centrifuge]") {
  line l{{.max_waiting = 4}};
  const auto ann = someone("ann"), bob = someone("bob");
  l.add({up(bob), joined(bob, "a"), down(bob), up(someone("bob"))});
  CHECK(l.take().size() == 2);
  l.come(occupied("c"), start);
  l.come(joined(ann, "c"), start);
  CHECK(l.seen.empty());
  l.come(joined(ann, "d"), start);
  CHECK(l.seen.size() == 5);
  CHECK(l.order.waiting() == 0);
}

TEST_CASE("event order: however sources overtake each other, each connection is up first and down last",
          "[actors][centrifuge]") {
  std::mt19937 chance{5};
  const auto dice = [&](std::size_t n) { return chance() % n; };
  const texts channels{"a", "b", "c", "d"}, users{"ann", "bob", ""};
  struct life {
    connection_profile_ptr who;
    std::set<std::string> in;
  };
  struct told_event {
    event_order::event what;
    event_order::time_point at;
  };
  std::deque<told_event> sources[4]; // two shards, two hubs
  auto clock = start;
  std::vector<life> open;
  std::map<std::string, std::size_t> members;
  std::map<std::string, texts> told; // by connection
  std::size_t lives = 0;
  event_order order{{}};
  const auto id_in = [](const event_order::event& e) -> std::string {
    if (const auto* c = std::get_if<connection_event>(&e)) {
      if (const auto* m = std::get_if<connection_up>(c)) return m->who->id.to_string();
      if (const auto* m = std::get_if<connection_down>(c)) return m->who->id.to_string();
      return {};
    }
    const auto& c = std::get<channel_change>(e);
    if (const auto* m = std::get_if<member_joined>(&c)) return m->client;
    if (const auto* m = std::get_if<member_left>(&c)) return m->client;
    return {};
  };
  const auto note = [&](const event_order::events& out) {
    for (const auto& e : out)
      if (const auto id = id_in(e); !id.empty()) told[id].push_back(text_of(e));
  };
  std::size_t awaited[4] = {}; // events of the sources, before a sync is through
  bool is_syncing = false;
  const auto sync = [&] {
    if (is_syncing && std::ranges::all_of(awaited, [](auto n) { return n == 0; })) {
      is_syncing = false;
      note(order.end_sync());
    }
    if (is_syncing || !order.wants_sync()) return;
    is_syncing = true;
    order.begin_sync();
    for (int from = 0; from < 4; ++from) awaited[from] = sources[from].size();
  };
  const auto deliver = [&](std::size_t from) {
    if (!sources[from].empty()) {
      note(add_to(order, sources[from].front().what, sources[from].front().at));
      sources[from].pop_front();
      if (awaited[from] != 0) --awaited[from];
    }
    sync();
  };
  const auto join = [&](const connection_profile_ptr& who, std::size_t c) {
    auto& hub = sources[2 + c % 2];
    if (members[channels[c]]++ == 0) hub.push_back({occupied(channels[c]), ++clock});
    hub.push_back({joined(who, channels[c]), ++clock});
  };
  const auto leave = [&](const connection_profile_ptr& who, std::size_t c) {
    auto& hub = sources[2 + c % 2];
    hub.push_back({left(who, channels[c]), ++clock});
    if (--members[channels[c]] == 0) hub.push_back({vacated(channels[c]), ++clock});
  };
  const auto shard_of = [&](const life& l) -> auto& { return sources[l.who->handle.shard]; };
  for (int i = 0; i < 20'000; ++i) {
    for (int n = 0; n < 2; ++n) deliver(dice(4));
    if (open.size() < 6 && dice(3) == 0) {
      ++lives;
      open.push_back({someone(users[dice(users.size())], static_cast<std::uint16_t>(dice(2))), {}});
      shard_of(open.back()).push_back({up(open.back().who), ++clock});
    }
    if (open.empty()) continue;
    const auto at = dice(open.size());
    auto& it = open[at];
    const auto c = dice(channels.size());
    switch (dice(5)) {
      case 0:
      case 1:
      case 2:
        if (it.in.insert(channels[c]).second) join(it.who, c);
        break;
      case 3:
        if (it.in.erase(channels[c]) != 0) leave(it.who, c);
        break;
      default: {
        const auto gone = std::move(it);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
        shard_of(gone).push_back({down(gone.who), ++clock});
        for (std::size_t n = 0; n < channels.size(); ++n)
          if (gone.in.contains(channels[n])) leave(gone.who, n);
      }
    }
  }
  for (const auto& l : open) {
    shard_of(l).push_back({down(l.who), ++clock});
    for (std::size_t n = 0; n < channels.size(); ++n)
      if (l.in.contains(channels[n])) leave(l.who, n);
  }
  for (std::size_t from = 0; from < 4; ++from)
    while (!sources[from].empty()) deliver(from);
  for (int n = 0; n < 3; ++n) sync();
  CHECK(order.waiting() == 0); // nothing needed the patience
  CHECK(told.size() == lives);
  for (const auto& [id, events] : told) {
    CAPTURE(events);
    REQUIRE(events.front().starts_with("up"));
    REQUIRE(events.back().starts_with("down"));
    std::set<std::string> in;
    for (std::size_t n = 1; n + 1 < events.size(); ++n) {
      const auto channel = events[n].substr(events[n].size() - 1);
      const bool is_join = events[n].find(" joined ") != std::string::npos;
      REQUIRE((is_join ? in.insert(channel).second : in.erase(channel) == 1));
    }
    REQUIRE(in.empty());
  }
}
