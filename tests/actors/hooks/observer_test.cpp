// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Observers: actors of a program that hear of all connections and channels, of each fact once.
#include <troupe/hooks/directory.hpp>
#include <troupe/type_ids.hpp>

#include "actors/node.hpp"

#include <caf/response_promise.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::hooks;

namespace {

using texts = std::vector<std::string>;

// What the actors saw, all incarnations together.
struct diary {
  texts seen;
  std::string fails_at; // a prefix
  bool is_slow = false; // answers when told to
  std::vector<caf::response_promise> owed;
};

observer_actor::behavior_type scripted(observer_actor::pointer self, const birth& born,
                                       const std::shared_ptr<diary>& book) {
  const auto see = [self, book](const std::string& what) {
    if (!book->fails_at.empty() && what.starts_with(book->fails_at)) throw std::runtime_error{"told to"};
    book->seen.push_back(what);
    if (book->is_slow) book->owed.push_back(self->make_response_promise());
  };
  if (born.incarnation > 1) book->seen.push_back("born again");
  return {
    [see](const connection_up& m) { see("up " + m.who->user); },
    [see](const connection_changed& m) { see("is now " + m.who->user); },
    [see](const connection_down& m) { see("down " + m.who->user + " " + to_string(m.how.reason)); },
    [see](const centrifuge::channel_occupied& m) { see("occupied " + m.channel); },
    [see](const centrifuge::member_joined& m) { see(m.client + " joined " + m.channel); },
    [see](const centrifuge::member_left& m) { see(m.client + " left " + m.channel); },
    [see](const centrifuge::channel_vacated& m) { see("vacated " + m.channel); },
    [see](const missed& m) { see("missed " + std::to_string(m.of_connections)); },
  };
}

struct observed : tests::node {
  explicit observed(keeper_options keeping = {}, tests::node_options options = {.hosts = 2}) : node(options) {
    const std::vector<std::reference_wrapper<troupe::host>> homes{host(0), host(1)};
    made = {{.observers = {{.name = "audit", .actor = on_loop(scripted, book), .keeping = keeping}}}, homes, registry,
            {}, log};
    run();
  }
  ~observed() {
    end_observers();
    made = {};
  }

  void end_observers() {
    for (const auto& k : made.observer_keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
    run();
  }

  std::shared_ptr<diary> book = std::make_shared<diary>();
  directory made;
};

} // namespace

TEST_CASE_METHOD(observed, "observer: it hears once of each connection that is up, and once when and why it ends",
                 "[actors][hooks]") {
  const auto ann = connect({.user = "ann"}), bob = connect({.user = "bob", .host = 1});
  CHECK(book->seen == texts{"up ann", "up bob"});
  ann->client_fails();
  caf::anon_send_exit(bob.who, caf::exit_reason::kill);
  run();
  std::ranges::sort(book->seen);
  CHECK(book->seen == texts{"down ann peer_reset", "down bob internal_error", "up ann", "up bob"});
}

TEST_CASE_METHOD(observed, "observer: a connection that becomes another user's says so", "[actors][hooks]") {
  const auto ann = connect({.user = "ann"});
  ask<receipt>(registry, change_membership{.of = target::connection(ann.id),
                                           .what = change_membership::action::add,
                                           .in = membership::user,
                                           .name = "eve"});
  ann->client_fails();
  run();
  CHECK(book->seen == texts{"up ann", "is now eve", "down eve peer_reset"});
}

TEST_CASE_METHOD(observed, "observer: the fact that it fails over is lost, the others wait for its successor",
                 "[actors][hooks]") {
  book->fails_at = "up bob";
  connect({.user = "ann"});
  opens({.user = "bob"});
  const auto cid = opens({.user = "cid"});
  run();
  cid->client_fails();
  run();
  CHECK(book->seen == texts{"up ann"});
  advance(100ms + timing_wheel::tick);
  CHECK(book->seen == texts{"up ann", "born again", "up cid", "down cid peer_reset"});
  CHECK(log.named("extension_failed").at(0).fields.at("name") == "audit");
  CHECK(total(&loop_counters::extension_failures) == 1);
}

TEST_CASE("observer: of a thousand connections that come and go while it crashes each fact is told once or was lost",
          "[actors][hooks]") {
  observed o{{.restart = restart_strategy::always()}};
  std::size_t expected = 0;
  for (int i = 0; i < 1000; ++i) {
    // Every tenth time it fails, over this one's up.
    o.book->fails_at = i % 10 == 0 ? "up " + std::to_string(i) + "." : "none";
    const auto c = o.connect({.user = std::to_string(i) + ".", .host = static_cast<std::size_t>(i % 2)});
    o.advance(i % 10 == 0 ? 1100ms : 0ms);
    c->client_fails();
    o.run();
    expected += i % 10 == 0 ? 1 : 2;
  }
  std::map<std::string, int> times;
  for (const auto& what : o.book->seen)
    if (what != "born again") ++times[what];
  CHECK(times.size() == expected);
  CHECK(std::ranges::all_of(times, [](const auto& each) { return each.second == 1; }));
}

TEST_CASE_METHOD(observed, "observer: a slow one is told the next fact when it has dealt with the last, and holds up nobody",
                 "[actors][hooks]") {
  book->is_slow = true;
  for (int i = 0; i < 10; ++i) connect({.user = std::to_string(i)});
  advance(1min); // no deadline
  CHECK(book->seen == texts{"up 0"});
  CHECK(total(&loop_counters::connections) == 10);
  book->is_slow = false;
  book->owed.front().deliver(caf::unit);
  run();
  CHECK(book->seen.size() == 10);
}

TEST_CASE("observer: one that lags too far is told how much it has missed", "[actors][hooks]") {
  observed o{{}, {.hosts = 2, .observers = {.max_lag = 4, .batch = 2}}};
  o.book->is_slow = true;
  for (int i = 0; i < 10; ++i) o.connect({.user = std::to_string(i)});
  o.book->is_slow = false;
  o.book->owed.front().deliver(caf::unit);
  o.run();
  CHECK(o.book->seen == texts{"up 0", "missed 4", "up 1", "up 6", "up 7", "up 8", "up 9"});
}

TEST_CASE("observer: when its keeper gives up nobody waits for anything", "[actors][hooks]") {
  observed o{{.restart = restart_strategy::give_up_after(1, 60s)}};
  o.book->fails_at = "up";
  for (int i = 0; i < 10; ++i) o.connect({.user = "ann"});
  CHECK(o.log.named("extension_gave_up").size() == 1);
  CHECK(o.total(&loop_counters::connections) == 10);
}

TEST_CASE_METHOD(observed, "observer: when the server ends it still hears what came before", "[actors][hooks]") {
  const auto ann = connect({.user = "ann"});
  ann->client_fails();
  const auto before = running();
  for (const auto& k : made.observer_keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
  run();
  CHECK(book->seen.front() == "up ann");
  CHECK(running() < before);
  made = {};
}

TEST_CASE_METHOD(observed, "observer: one that does not end when the server does is waited for a second", "[actors][hooks]") {
  book->is_slow = true;
  connect({.user = "ann"});
  const auto before = running();
  end_observers();
  CHECK(running() == before);
  advance(1s + 2 * timing_wheel::tick);
  CHECK(running() < before);
  book->owed.clear();
}
