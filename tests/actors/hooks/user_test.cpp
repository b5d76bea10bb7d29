// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Users who have an actor: one for all connections of all loops, however they come and go.
#include <troupe/hooks/directory.hpp>
#include <troupe/type_ids.hpp>

#include "actors/node.hpp"

#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::hooks;

namespace {

using texts = std::vector<std::string>;

// What the actors saw, all users and incarnations together.
struct diary {
  texts seen;
  std::size_t births_to_fail = 0;
  bool clings = false; // does not end when told to
};

struct scripted_state {
  static constexpr const char* name = "scripted_user";
};

user_actor::behavior_type scripted(user_actor::stateful_pointer<scripted_state> self, const birth& born,
                                   const std::shared_ptr<diary>& book) {
  if (book->births_to_fail != 0) {
    --book->births_to_fail;
    throw std::runtime_error{"stillborn"};
  }
  const auto note = [book, user = born.user](const std::string& what) {
    book->seen.push_back(user + " " + what);
  };
  note("born " + std::to_string(born.incarnation) + ", " + std::to_string(born.present.size()) + " present");
  self->set_exit_handler([self, note, book](const caf::exit_msg& m) {
    note("told to end");
    if (!book->clings) self->quit(m.reason);
  });
  return {
    [note](const opened& m) { note("opened by " + m.what.user + " from " + m.what.address); },
    [note](const closed& m) { note("closed " + to_string(m.how.reason)); },
    [note](const call& m) -> caf::result<call_result> {
      note("called " + m.method);
      if (m.method == "crash") throw std::runtime_error{"told to"};
      return call_result::of(m.data);
    },
    [note](const letter& m) {
      note("letter from " + m.from);
      return call_result::of({"read", true});
    },
  };
}

struct users_world : tests::node {
  explicit users_world(user_hook with = {}, std::shared_ptr<directory> made_ = std::make_shared<directory>())
    : node({.hosts = 2, .extensions = made_}), made(std::move(made_)) {
    with.actor = on_loop(scripted, book);
    const std::vector<std::reference_wrapper<troupe::host>> homes{host(0), host(1)};
    *made = {{.users = std::move(with)}, homes, registry, {}, log};
    run();
  }
  ~users_world() {
    for (const auto& k : made->keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
    run();
    advance(1100ms); // last wishes
    CHECK(total(&loop_counters::users) == 0);
    *made = {};
  }

  tests::client comes(const std::string& user, std::size_t loop = 0) {
    return connect({.user = user, .host = loop});
  }
  void goes(const tests::client& who) {
    who->client_fails();
    run();
  }
  call_result calls(const std::string& user, const std::string& method) {
    const auto answer =
      ask<call_result>(made->of_users().of(user), call{method, {"data", true}, {user, {}, {}, {}}});
    return answer ? *answer : call_result::fail(centrifuge::error_code::internal);
  }
  call_result writes(const std::string& to) {
    const auto answer = ask<call_result>(made->of_users().of(to), letter{to, {"hi", true}, "bob"});
    REQUIRE(answer);
    return *answer;
  }
  texts read() { return std::exchange(book->seen, {}); }

  std::shared_ptr<diary> book = std::make_shared<diary>();
  std::shared_ptr<directory> made;
};

constexpr auto not_available = static_cast<std::uint32_t>(centrifuge::error_code::not_available);

} // namespace

TEST_CASE_METHOD(users_world, "user: one actor hears of all connections, whichever loops they are on",
                 "[actors][hooks]") {
  const auto tab = comes("ann", 0), phone = comes("ann", 1);
  CHECK(read() == texts{"ann born 1, 0 present", "ann opened by ann from ", "ann opened by ann from "});
  CHECK(total(&loop_counters::users) == 1);
  goes(tab);
  caf::anon_send_exit(phone.who, caf::exit_reason::kill);
  run();
  CHECK(read() == texts{"ann closed peer_reset", "ann closed internal_error"});
}

TEST_CASE_METHOD(users_world, "user: each has its own, and who is anonymous has none", "[actors][hooks]") {
  comes("ann"), comes("bob", 1), comes("");
  CHECK(total(&loop_counters::users) == 2);
  const auto seen = read();
  CHECK(seen.size() == 4);
  CHECK(std::count(seen.begin(), seen.end(), "bob born 1, 0 present") == 1);
}

TEST_CASE_METHOD(users_world, "user: its actor ends when it has been away for the grace", "[actors][hooks]") {
  const auto first = comes("ann");
  goes(first);
  read();
  advance(9s);
  const auto second = comes("ann"); // back in time
  CHECK(read() == texts{"ann opened by ann from "});
  advance(20s);
  CHECK(read().empty());
  goes(second);
  read();
  advance(10s + timing_wheel::tick);
  CHECK(read() == texts{"ann told to end"});
  CHECK(total(&loop_counters::users) == 0);
  CHECK(log.named("extension_failed").empty());
  comes("ann");
  CHECK(read() == texts{"ann born 1, 0 present", "ann opened by ann from "});
}

TEST_CASE_METHOD(users_world, "user: one that comes back while its actor ends gets another, after it",
                 "[actors][hooks]") {
  goes(comes("ann"));
  book->clings = true;
  read();
  advance(10s + timing_wheel::tick);
  CHECK(read() == texts{"ann told to end"});
  comes("ann");
  CHECK(calls("ann", "hello").error.code != 0); // not answered yet
  CHECK(read().empty());
  CHECK(total(&loop_counters::users) == 1);
  book->clings = false;
  advance(1s + timing_wheel::tick); // then it is killed
  CHECK(read() == texts{"ann born 1, 0 present", "ann opened by ann from ", "ann called hello"});
  CHECK(log.named("extension_would_not_end").size() == 1);
}

TEST_CASE_METHOD(users_world, "user: calls of its clients and letters are answered by its actor",
                 "[actors][hooks]") {
  comes("ann");
  read();
  CHECK(calls("ann", "hello").data.bytes == "data");
  CHECK(writes("ann").data.bytes == "read");
  CHECK(read() == texts{"ann called hello", "ann letter from bob"});
  CHECK(writes("nobody").error.code == not_available);
  CHECK(total(&loop_counters::users) == 1);
}

TEST_CASE_METHOD(users_world, "user: a call of a client nobody has heard of waits for its connection",
                 "[actors][hooks]") {
  const auto ann = opens({.user = "ann"}); // the call is faster than what the shard tells of it
  caf::scoped_actor self{system()};
  self->send(made->of_users().of("ann"), call{"hello", {"data", true}, {"ann", ann.id.to_string(), {}, {}}});
  run();
  CHECK(read() == texts{"ann born 1, 0 present", "ann opened by ann from ", "ann called hello"});
  CHECK(self->has_next_message());
}

TEST_CASE_METHOD(users_world, "user: a call is proof that one is online, a letter is not", "[actors][hooks]") {
  CHECK(calls("ann", "hello").data.bytes == "data"); // by the server API
  CHECK(writes("ann").data.bytes == "read");
  const auto lost = ask<call_result>(made->of_users().of("ann"),
                                     call{"hello", {}, {"ann", client_id::random().to_string(), {}, {}}});
  CHECK_FALSE(lost); // nobody like that comes
  advance(10s + 2 * timing_wheel::tick);
  CHECK(total(&loop_counters::users) == 0);
  CHECK(writes("ann").error.code == not_available);
}

TEST_CASE_METHOD(users_world, "user: an actor that fails is replaced, and knows who is there",
                 "[actors][hooks]") {
  comes("ann"), comes("ann", 1);
  read();
  CHECK(calls("ann", "crash").error.code != 0);
  const auto late = comes("ann"); // while there is no actor
  CHECK(read() == texts{"ann called crash"});
  advance(100ms + timing_wheel::tick);
  CHECK(read() == texts{"ann born 2, 2 present", "ann opened by ann from "});
  CHECK(total(&loop_counters::extension_restarts) == 1);
  CHECK(log.named("extension_failed").at(0).fields.at("name") == "ann");
  goes(late);
  CHECK(read() == texts{"ann closed peer_reset"});
  CHECK(total(&loop_counters::connections) == 2);
}

TEST_CASE("user: a keeper that gives up keeps no connection from anything, and is gone with its user",
          "[actors][hooks]") {
  users_world w{{.keeping = {.restart = restart_strategy::give_up_after(1, 60s)}}};
  const auto ann = w.comes("ann");
  w.calls("ann", "crash"), w.calls("ann", "crash");
  CHECK(w.log.named("extension_gave_up").size() == 1);
  CHECK(w.calls("ann", "hello").error.code != 0);
  CHECK_FALSE(ann->closed());
  w.goes(ann);
  w.advance(10s + timing_wheel::tick);
  CHECK(w.total(&loop_counters::users) == 0);
  w.comes("ann");
  CHECK(w.calls("ann", "hello").data.bytes == "data");
}

TEST_CASE_METHOD(users_world, "user: a connection that becomes another user's leaves one and enters the other",
                 "[actors][hooks]") {
  const auto ann = comes("ann");
  comes("bob", 1);
  read();
  REQUIRE(ask<receipt>(registry, change_membership{target::connection(ann.id), change_membership::action::add,
                                                   membership::user, "bob"}));
  const auto seen = read();
  CHECK(seen.size() == 2);
  CHECK(std::count(seen.begin(), seen.end(), "ann closed none") == 1);
  CHECK(std::count(seen.begin(), seen.end(), "bob opened by bob from ") == 1);
  goes(ann);
  CHECK(read() == texts{"bob closed peer_reset"});
}

TEST_CASE("user: beyond the bound there is none, and it is counted", "[actors][hooks]") {
  users_world w{{.grace = 1s, .max_users = 1}};
  // The bound is one of each loop: as many users as there are loops cannot exceed it if they are spread.
  std::vector<tests::client> all;
  for (const auto* user : {"ann", "bob", "cyd", "dan", "eve"}) all.push_back(w.comes(user));
  CHECK(w.total(&loop_counters::users) + w.total(&loop_counters::users_refused) == 5);
  CHECK(w.total(&loop_counters::users) <= 2);
  for (const auto& one : all) CHECK_FALSE(one->closed());
  w.read();
  for (const auto& one : all) w.goes(one);
  CHECK(w.read().size() == w.total(&loop_counters::users)); // nobody hears of who has no actor
  w.advance(1s + timing_wheel::tick);
  CHECK(w.total(&loop_counters::users) == 0);
  w.comes("eve");
  CHECK(w.total(&loop_counters::users) == 1);
}

TEST_CASE_METHOD(users_world, "user: ten thousand who come and go leave nobody behind", "[actors][hooks]") {
  const auto before = running();
  for (int i = 0; i < 100; ++i) {
    std::vector<tests::client> some;
    for (int k = 0; k < 100; ++k)
      some.push_back(opens({.user = "u" + std::to_string(i * 50 + k), .host = static_cast<std::size_t>(k % 2)}));
    run();
    for (const auto& one : some) one->client_fails();
    run();
    clients.clear();
  }
  advance(11s);
  CHECK(total(&loop_counters::users) == 0);
  CHECK(running() == before);
}
