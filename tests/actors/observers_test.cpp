// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What observers hear of connections: one up and one down each, whatever happens to them.
#include "node.hpp"

#include <troupe/centrifuge/event_sources.hpp>

#include <caf/typed_response_promise.hpp>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;

namespace {

// What an observer was told, and what it still owes an answer for.
struct notebook {
  bool answers = true;
  std::vector<connection_up> ups;
  std::vector<connection_changed> changes;
  std::vector<connection_down> downs;
  std::uint64_t missed = 0;
  std::size_t largest_batch = 0;
  std::deque<caf::typed_response_promise<noted>> owed;

  [[nodiscard]] std::multiset<client_id> up_ids() const { return ids(ups); }
  [[nodiscard]] std::multiset<client_id> down_ids() const { return ids(downs); }
  void answer_all() {
    answers = true;
    for (auto& promise : std::exchange(owed, {})) promise.deliver(noted{});
  }

private:
  template <class Event>
  static std::multiset<client_id> ids(const std::vector<Event>& events) {
    std::multiset<client_id> all;
    for (const auto& e : events) all.insert(e.who->id);
    return all;
  }
};

struct observer_state {
  static constexpr const char* name = "observer";
};

connection_observer::behavior_type observer(hosted_pointer<connection_observer, observer_state> self,
                                            std::shared_ptr<notebook> book) {
  return {[self, book](const connection_events& m) {
    book->missed += m.missed;
    book->largest_batch = std::max(book->largest_batch, m.events.size());
    for (const auto& e : m.events) {
      if (const auto* up = std::get_if<connection_up>(&e)) book->ups.push_back(*up);
      if (const auto* changed = std::get_if<connection_changed>(&e)) book->changes.push_back(*changed);
      if (const auto* down = std::get_if<connection_down>(&e)) book->downs.push_back(*down);
    }
    auto promise = self->make_response_promise<noted>();
    if (book->answers) promise.deliver(noted{});
    else book->owed.push_back(promise);
    return promise;
  }};
}

struct observed_node : node {
  explicit observed_node(const node_options& o = {.hosts = 2}) : node(o) { watcher = add(book); }
  ~observed_node() { stop(watcher); }

  connection_observer add(const std::shared_ptr<notebook>& into) {
    connection_observer who = spawn_on(host(), observer, into);
    REQUIRE(ask<receipt>(registry, observe{who}));
    return who;
  }
  void stop(connection_observer& who) {
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    who = nullptr;
    run();
  }

  std::shared_ptr<notebook> book = std::make_shared<notebook>();
  connection_observer watcher;
};

struct small_log : observed_node {
  small_log() : observed_node({.hosts = 1, .observers = {.max_lag = 8, .batch = 3}}) {}
};

} // namespace

TEST_CASE_METHOD(observed_node, "observers: hear of a connection's beginning and end with all that is known",
                 "[actors][observers]") {
  const auto c = connect({.user = "ada", .groups = {"g"}, .labels = {"l"}, .host = 1});
  REQUIRE(book->ups.size() == 1);
  const auto& up = *book->ups[0].who;
  CHECK(up.id == c.id);
  CHECK(up.handle.shard == 1);
  CHECK(up.user == "ada");
  CHECK(up.groups == std::vector<std::string>{"g"});
  CHECK(up.labels == std::vector<std::string>{"l"});
  CHECK(up.origin.over == transport_kind::memory);
  CHECK(book->ups[0].when == up.opened);
  CHECK(book->downs.empty());

  advance(3s);
  c->client_closes(4777, "so long");
  run();
  REQUIRE(book->downs.size() == 1);
  CHECK(book->downs[0].who == book->ups[0].who);
  CHECK(book->downs[0].how.reason == close_reason::peer_closed);
  CHECK(book->downs[0].how.code_received == 4777);
  CHECK(book->downs[0].how.text == "so long");
  CHECK(book->downs[0].figures.uptime == 3s);
}

TEST_CASE_METHOD(observed_node, "observers: a down tells what the connection had come to, even if it is killed",
                 "[actors][observers]") {
  const auto c = connect();
  c->client_sends("hello");
  run();
  c->client_reads();
  send({}, "unread");
  run();
  if (GENERATE(false, true)) caf::anon_send_exit(c.who, caf::exit_reason::kill);
  else c->client_fails();
  run();
  REQUIRE(book->downs.size() == 1);
  const auto& f = book->downs[0].figures;
  CHECK(f.messages_in == 1);
  CHECK(f.bytes_in == 5);
  CHECK(f.messages_out == 2);
  CHECK(f.bytes_out == 7);
  CHECK(f.dropped == 0);
}

TEST_CASE_METHOD(observed_node, "observers: a down tells what was still queued", "[actors][observers]") {
  const auto c = connect();
  send({}, "unread");
  run();
  c->client_fails();
  run();
  REQUIRE(book->downs.size() == 1);
  CHECK(book->downs[0].figures.queue_messages == 1);
  CHECK(book->downs[0].figures.queue_bytes == 8);
}

TEST_CASE_METHOD(observed_node, "observers: a connection that is killed or crashes is down once",
                 "[actors][observers]") {
  const auto c = connect();
  if (GENERATE(false, true)) caf::anon_send_exit(c.who, caf::exit_reason::kill);
  else caf::anon_send(c.who, credit{1}); // fails
  c->client_fails();
  run();
  REQUIRE(book->downs.size() == 1);
  CHECK(book->downs[0].who->id == c.id);
}

TEST_CASE_METHOD(observed_node, "observers: N connections give N ups and N downs, none twice",
                 "[actors][observers]") {
  std::multiset<client_id> all;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 10; ++i) all.insert(opens({.host = static_cast<std::size_t>(i % 2)}).id);
    if (round % 2) run();
    book->answers = round % 3 != 0;
    if (book->answers) book->answer_all();
    end_all_but(5);
    run();
    for (auto& c : clients) c->client_reads();
    run();
  }
  for (auto n = clients.size() - 5; n < clients.size(); ++n) clients[n]->client_closes();
  run();
  book->answer_all();
  run();
  CHECK(all.size() == 400);
  CHECK(book->up_ids() == all);
  CHECK(book->down_ids() == all);
  CHECK(book->missed == 0);
  check_counters();
}

TEST_CASE_METHOD(observed_node, "observers: a change of user is told, and the down tells the new one",
                 "[actors][observers]") {
  const auto c = connect({.user = "before"});
  const auto become = [&](change_membership::action what, std::string name) {
    REQUIRE(ask<receipt>(registry, change_membership{target::connection(c.id), what,
                                                     membership::user, std::move(name)}));
  };
  become(change_membership::action::add, "before");
  become(change_membership::action::remove, "somebody else");
  CHECK(book->changes.empty());
  become(change_membership::action::add, "after");
  REQUIRE(book->changes.size() == 1);
  CHECK(book->changes[0].who->user == "after");
  CHECK(book->ups[0].who->user == "before");
  c->client_fails();
  run();
  REQUIRE(book->downs.size() == 1);
  CHECK(book->downs[0].who->user == "after");
}

TEST_CASE_METHOD(observed_node, "observers: observing tells how many connections there are already",
                 "[actors][observers]") {
  connect({.host = 0});
  connect({.host = 1});
  const auto late = std::make_shared<notebook>();
  connection_observer who = spawn_on(host(), observer, late);
  const auto answer = ask<receipt>(registry, observe{who});
  REQUIRE(answer);
  CHECK(answer->matched == 2);
  for (auto& c : clients) c->client_fails();
  run();
  CHECK(late->ups.empty());
  CHECK(late->downs.size() == 2);
  stop(who);
}

TEST_CASE_METHOD(observed_node, "observers: observing twice is observing once", "[actors][observers]") {
  REQUIRE(ask<receipt>(registry, observe{watcher}));
  connect();
  CHECK(book->ups.size() == 1);
}

TEST_CASE_METHOD(observed_node, "observers: nothing comes after unobserve, also for one never known",
                 "[actors][observers]") {
  REQUIRE(ask<receipt>(registry, unobserve{watcher}));
  REQUIRE(ask<receipt>(registry, unobserve{watcher}));
  connect()->client_fails();
  run();
  CHECK(book->ups.empty());
  CHECK(book->downs.empty());
}

TEST_CASE_METHOD(observed_node, "observers: one that dies is forgotten, the others go on",
                 "[actors][observers]") {
  const auto other = std::make_shared<notebook>();
  auto dies = add(other);
  connect();
  stop(dies);
  connect()->client_fails();
  run();
  CHECK(other->ups.size() == 1);
  CHECK(book->ups.size() == 2);
  CHECK(book->downs.size() == 1);
}

TEST_CASE_METHOD(observed_node, "observers: a sync is through when all shards' events before it are noted",
                 "[actors][observers]") {
  struct syncing {
    std::vector<connection_events> batches;
    std::deque<caf::typed_response_promise<noted>> owed;
    bool is_through = false;
  };
  using syncing_actor = connection_observer::extend<caf::reacts_to<go_on>>;
  const auto all = std::make_shared<syncing>();
  const auto slow = +[](syncing_actor::pointer self, std::shared_ptr<syncing> b, registry_actor of) -> syncing_actor::behavior_type {
    return {[self, b](const connection_events& m) {
              b->batches.push_back(m);
              return b->owed.emplace_back(self->make_response_promise<noted>());
            },
            [self, b, of](const go_on&) {
              centrifuge::event_sources{of, {}}.sync(self, [b] { b->is_through = true; });
            }};
  };
  auto who = system().spawn(slow, all, registry);
  REQUIRE(ask<receipt>(registry, observe{who}));
  const auto note_next = [&] {
    all->owed.front().deliver(noted{});
    all->owed.pop_front();
    run();
  };
  caf::anon_send(who, go_on{});
  run();
  CHECK(all->is_through); // there was nothing to note
  all->is_through = false;
  connect({.host = 1});
  connect({.host = 0});
  caf::anon_send(who, go_on{});
  run();
  REQUIRE(all->owed.size() == 2);
  note_next();
  CHECK_FALSE(all->is_through);
  connect({.host = 0}); // it need not wait for this
  note_next();
  CHECK(all->is_through);
  REQUIRE(all->batches.size() >= 2);
  CHECK(all->batches[0].shard == 1);
  CHECK(all->batches[0].times.size() == 1);
  CHECK(all->batches[0].times < all->batches[1].times); // the other shard's, which was later
  all->owed.clear();
  caf::anon_send_exit(who, caf::exit_reason::kill);
  who = nullptr;
  run();
}

TEST_CASE_METHOD(small_log, "observers: one that does not answer gets one batch, then the rest in batches",
                 "[actors][observers]") {
  book->answers = false;
  for (int i = 0; i < 8; ++i) connect();
  CHECK(book->ups.size() == 1);
  book->answer_all();
  run();
  CHECK(book->ups.size() == 8);
  CHECK(book->largest_batch == 3);
  CHECK(book->missed == 0);
}

TEST_CASE_METHOD(small_log, "observers: one that lags too far is told how much it missed",
                 "[actors][observers]") {
  const auto swift = std::make_shared<notebook>();
  auto second = add(swift);
  book->answers = false;
  connect(); // the batch it does not answer
  const auto more = GENERATE(8, 9, 30);
  for (int i = 0; i < more; ++i) connect();
  const auto all = clients.size();
  book->answer_all();
  run();
  const auto lost = all - 1 > 8 ? all - 1 - 8 : 0;
  CHECK(book->missed == lost);
  CHECK(book->ups.size() == all - lost);
  CHECK(book->ups.back().who->id == clients.back().id);
  CHECK(swift->missed == 0);
  CHECK(swift->ups.size() == all);
  stop(second);
}

TEST_CASE_METHOD(small_log, "observers: hear of the last downs of a drain even if they owe an answer",
                 "[actors][observers]") {
  for (int i = 0; i < 5; ++i) connect();
  book->answers = false;
  caf::anon_send(registry, drain{});
  run();
  for (auto& c : clients) c->client_reads();
  run();
  CHECK(book->downs.size() == 5);
  for (const auto& down : book->downs) CHECK(down.how.reason == close_reason::shutting_down);
  book->owed.clear();
}
