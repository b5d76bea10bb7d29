// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "channel_world.hpp"

#include <troupe/centrifuge/event_sources.hpp>

#include <random>
#include <set>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;

namespace {

struct observed {
  strings changes;
  std::size_t most_in_batch = 0;
  std::uint64_t missed = 0;
};

std::string told(const channel_change& what) {
  if (const auto* m = std::get_if<channel_occupied>(&what)) return "occupied " + m->channel;
  if (const auto* m = std::get_if<member_joined>(&what)) return m->client + " joined " + m->channel;
  if (const auto* m = std::get_if<member_left>(&what)) return m->client + " left " + m->channel;
  const auto& m = std::get<channel_vacated>(what);
  return (m.why == channel_vacated::cause::failed ? "failed " : "vacated ") + m.channel;
}

channel_observer::behavior_type observer(channel_observer::pointer, std::shared_ptr<observed> book) {
  return {[book](const channel_changes& m) {
    for (const auto& each : m.events) book->changes.push_back(told(each));
    book->most_in_batch = std::max(book->most_in_batch, m.events.size());
    book->missed += m.missed;
    return noted{};
  }};
}

class observed_world : public world {
public:
  explicit observed_world(world_options o = {}) : world(std::move(o)) { who = begin(book); }
  ~observed_world() { end(who); }

  channel_observer begin(std::shared_ptr<observed> into) {
    auto who_ = system().spawn(observer, std::move(into));
    channels{hubs}.observe(who_);
    run();
    return who_;
  }
  void end(channel_observer& who_) {
    caf::anon_send_exit(who_, caf::exit_reason::kill);
    who_ = nullptr;
    run();
  }

  std::shared_ptr<observed> book = std::make_shared<observed>();
  channel_observer who;
};

} // namespace

TEST_CASE("channel observers: they hear of the first and the last member, and of each between",
          "[actors][centrifuge][observers]") {
  observed_world w;
  const auto a = w.subscribed("a", "c");
  const auto b = w.subscribed("b", "c");
  w.unsubscribe(a, "c");
  w.unsubscribe(b, "c");
  CHECK(w.book->changes == strings{"occupied c", "a joined c", "b joined c", "a left c", "b left c", "vacated c"});
}

TEST_CASE("channel observers: a member that is killed leaves once", "[actors][centrifuge][observers]") {
  observed_world w;
  const auto a = w.subscribed("a", "c");
  caf::anon_send_exit(a.who, caf::exit_reason::kill);
  w.run();
  CHECK(w.book->changes == strings{"occupied c", "a joined c", "a left c", "vacated c"});
}

TEST_CASE("channel observers: publishing occupies nothing, and patterns are no channels",
          "[actors][centrifuge][observers]") {
  world_options o;
  o.channels.allow_wildcards = true;
  observed_world w{std::move(o)};
  w.publish("c", "1");
  w.subscribed("a", "c.*");
  CHECK(w.book->changes.empty());
}

TEST_CASE("channel observers: of a channel that fails they hear that it is vacated",
          "[actors][centrifuge][observers]") {
  observed_world w;
  w.subscribed("a", "c");
  w.publish("c", "crash");
  CHECK(w.book->changes == strings{"occupied c", "a joined c", "failed c"});
  w.publish("d", "crash"); // nobody was in it
  CHECK(w.book->changes.size() == 3);
}

TEST_CASE("channel observers: one that comes later hears of what happens from then on",
          "[actors][centrifuge][observers]") {
  world w;
  const auto a = w.subscribed("a", "c");
  const auto book = std::make_shared<observed>();
  auto who = w.system().spawn(observer, book);
  channels{w.hubs}.observe(who);
  w.run();
  const auto b = w.subscribed("b", "c");
  w.unsubscribe(a, "c");
  w.unsubscribe(b, "c");
  CHECK(book->changes == strings{"b joined c", "b left c", "vacated c"});
  channels{w.hubs}.unobserve(who);
  w.run();
  w.subscribed("d", "c");
  CHECK(book->changes.size() == 3);
  caf::anon_send_exit(who, caf::exit_reason::kill);
  who = nullptr;
  w.run();
}

TEST_CASE("channel observers: a sync is through when they have noted what came before it", "[actors][centrifuge][observers]") {
  struct syncing {
    strings seen;
    std::vector<caf::typed_response_promise<noted>> owed;
    bool is_through = false;
  };
  world w{{.hosts = 2}};
  const auto book = std::make_shared<syncing>();
  using syncing_actor = channel_observer::extend<caf::reacts_to<go_on>>;
  const auto slow = +[](syncing_actor::pointer self, std::shared_ptr<syncing> b, channels all) -> syncing_actor::behavior_type {
    return {[self, b](const channel_changes& m) {
              for (const auto& each : m.events) b->seen.push_back(told(each));
              return b->owed.emplace_back(self->make_response_promise<noted>());
            },
            [self, b, all](const go_on&) { event_sources{{}, all}.sync(self, [b] { b->is_through = true; }); }};
  };
  auto who = w.system().spawn(slow, book, channels{w.hubs});
  channels{w.hubs}.observe(who);
  w.run();
  const auto note = [&] {
    for (auto& each : std::exchange(book->owed, {})) each.deliver(noted{});
    w.run();
  };
  caf::anon_send(who, go_on{});
  w.run();
  CHECK(book->is_through); // there was nothing to note
  book->is_through = false;
  w.subscribed("a", "c");
  w.subscribed("b", "c");
  caf::anon_send(who, go_on{});
  w.run();
  CHECK(book->seen == strings{"occupied c"});
  CHECK_FALSE(book->is_through);
  note();
  CHECK(book->seen.size() == 3);
  CHECK_FALSE(book->is_through);
  w.subscribed("d", "c"); // it need not wait for this
  note();
  CHECK(book->is_through);
  book->owed.clear();
  caf::anon_send_exit(who, caf::exit_reason::kill);
  who = nullptr;
  w.run();
}

TEST_CASE("channel observers: one that ends is forgotten, the others go on", "[actors][centrifuge][observers]") {
  observed_world w;
  auto other = w.begin(std::make_shared<observed>());
  w.end(other);
  w.subscribed("a", "c");
  CHECK(w.book->changes.size() == 2);
}

TEST_CASE("channel observers: whatever comes and goes, each joined has one left, within its channel's occupancy",
          "[actors][centrifuge][observers]") {
  std::mt19937 chance{5};
  std::shared_ptr<observed> book;
  {
    observed_world w{{.hosts = 3}};
    book = w.book;
    for (int i = 0; i < 300; ++i) {
      const auto f = w.comes("m" + std::to_string(i), {}, chance() % 3);
      const auto channel = "c" + std::to_string(chance() % 7);
      w.asks_to_subscribe(f, channel);
      if (chance() % 2 == 0) w.run();
      if (chance() % 3 == 0) caf::anon_send_exit(f.who, caf::exit_reason::kill);
    }
    w.run();
    for (const auto& f : w.fans) caf::anon_send_exit(f.who, caf::exit_reason::kill);
    w.run();
  }
  std::map<std::string, std::set<std::string>> members;
  std::set<std::string> occupied;
  std::size_t joined = 0;
  for (const auto& each : book->changes) {
    CAPTURE(each);
    const auto space = each.find(' ');
    const auto channel = each.substr(each.rfind(' ') + 1);
    if (each.starts_with("occupied")) REQUIRE(occupied.insert(channel).second);
    else if (each.starts_with("vacated")) REQUIRE((members[channel].empty() && occupied.erase(channel) == 1));
    else if (each.find("joined") != each.npos) {
      REQUIRE((occupied.contains(channel) && members[channel].insert(each.substr(0, space)).second));
      ++joined;
    } else REQUIRE(members[channel].erase(each.substr(0, space)) == 1);
  }
  CHECK(joined > 200);
  CHECK(occupied.empty());
}
