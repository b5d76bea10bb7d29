// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "route_world.hpp"

#include <algorithm>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;
using hooks::restart_strategy;

namespace {

using texts = std::vector<std::string>;

/// A timer of the wheel is up to a tick late.
constexpr auto late = timing_wheel::tick;

struct slow_to_return : route_world {
  slow_to_return() : route_world({.restart = restart_strategy::back_off(1s, 4s), .deadline = 3s}) {}
};

struct easily_discouraged : route_world {
  easily_discouraged() : route_world({.restart = restart_strategy::give_up_after(1, 60s)}) {}
};

std::size_t lines(const diary& book, std::string_view text) {
  return static_cast<std::size_t>(std::count(book.seen.begin(), book.seen.end(), text));
}

} // namespace

TEST_CASE_METHOD(route_world, "route: its actor hears of a connection, its messages and its end",
                 "[actors][hooks]") {
  const auto a = connect({.user = "ann"});
  CHECK(say(a, "hello") == texts{"hello 1"});
  CHECK(say(a, "again") == texts{"again 1"});
  a->client_closes();
  run();
  CHECK(book->seen == texts{"opened /test ann ", "hello", "again", "closed peer_closed"});
  CHECK(total(&loop_counters::extension_requests) == 3);
  CHECK(total(&loop_counters::messages_in) == 2);
}

TEST_CASE_METHOD(route_world, "route: what one client says reaches no other", "[actors][hooks]") {
  const auto a = connect(), b = connect();
  CHECK(say(a, "hello") == texts{"hello 1"});
  CHECK(b->client_reads_payloads().empty());
}

TEST_CASE_METHOD(route_world, "route: a connection that crashes is closed once too",
                 "[actors][hooks]") {
  const auto a = connect();
  caf::anon_send_exit(a.who, caf::exit_reason::kill);
  run();
  CHECK(book->seen == texts{"opened /test  ", "closed internal_error"});
}

TEST_CASE_METHOD(route_world, "route: its actor may close a connection with a code of its own",
                 "[actors][hooks]") {
  const auto a = connect();
  a->client_sends("bye");
  a->client_sends("unheard");
  run();
  const auto all = a->client_reads();
  REQUIRE(all.size() == 1);
  CHECK(all[0].close_code() == 4321);
  CHECK(all[0].close_text() == "as you wish");
  run();
  CHECK(closed_for(close_reason::kicked) == 1);
}

TEST_CASE_METHOD(route_world, "route: the registry reaches its connections as all others",
                 "[actors][hooks]") {
  const auto a = connect();
  send(target::connection(a.id), "to you");
  send(target::everyone(), "to all");
  run();
  CHECK(a->client_reads_payloads() == texts{"to you", "to all"});
}

TEST_CASE("route: a client is not read further than the window before its actor has answered",
          "[actors][hooks]") {
  route_world w;
  const auto a = w.connect({.transport = {.read_window_bytes = 10}});
  for (const char* text : {"ignore", "four", "hello"}) a->client_sends(text);
  w.run();
  CHECK(w.book->seen == texts{"opened /test  ", "ignore", "four"});
  CHECK(a->waiting_messages() == 1);
  w.book->unanswered.front().deliver(hooks::answer{});
  w.run();
  CHECK(a->waiting_messages() == 0);
  CHECK(a->client_reads_payloads() == texts{"four 1", "hello 1"});
}

// -- failures ----------------------------------------------------------------------------------------

TEST_CASE_METHOD(route_world, "route: an actor that crashes takes no connection down",
                 "[actors][hooks]") {
  const auto a = connect(), b = connect();
  CHECK(say(a, "crash").empty());
  advance(100ms + late);
  CHECK(say(a, "hello") == texts{"hello 2"});
  CHECK(say(b, "hello") == texts{"hello 2"});
  CHECK(total(&loop_counters::connections) == 2);
  CHECK(total(&loop_counters::extension_restarts) == 1);
  CHECK(total(&loop_counters::extension_failures) == 1);
  CHECK(a->granted_bytes() == std::string{"crashhello"}.size()); // it is read on
  const auto logged = log.named("extension_failed");
  REQUIRE(logged.size() == 1);
  CHECK(logged[0].fields.at("name") == "/test");
  CHECK(logged[0].fields.at("restarts_in") == "100ms");
}

TEST_CASE_METHOD(route_world, "route: an actor that an operator kills is started again, and its keeper tells of it",
                 "[actors][hooks]") {
  const auto a = connect();
  CHECK(say(a, "one") == std::vector<std::string>{"one 1"});
  const auto before = host().supervision().wards();
  REQUIRE(before.size() == 1);
  CHECK(before[0].name == "/test");
  CHECK(before[0].restarts == 0);
  CHECK(before[0].last_failure.empty());
  CHECK_FALSE(host().supervision().kill(keeper.id()));
  CHECK(host().supervision().kill(before[0].actor));
  run();
  CHECK(host().supervision().wards()[0].actor == 0);
  advance(100ms + timing_wheel::tick);
  CHECK(say(a, "two") == std::vector<std::string>{"two 2"});
  const auto after = host().supervision().wards();
  CHECK(after[0].actor != before[0].actor);
  CHECK(after[0].restarts == 1);
  CHECK(after[0].last_failure.find("kill") != std::string::npos);
}

TEST_CASE_METHOD(route_world, "route: an actor that quits is started again too", "[actors][hooks]") {
  const auto a = connect();
  say(a, "quit");
  advance(100ms + late);
  CHECK(say(a, "hello") == texts{"hello 2"});
}

TEST_CASE_METHOD(route_world, "route: each message is answered once or lost, whenever its actor fails",
                 "[actors][hooks]") {
  const auto a = connect();
  for (const char* text : {"ignore", "crash", "one", "two", "three"}) a->client_sends(text);
  run();
  advance(100ms + late);
  const auto answers = a->client_reads_payloads().size();
  CHECK(total(&loop_counters::extension_failures) + answers == 5);
  CHECK(lines(*book, "ignore") + lines(*book, "crash") == 2);
  for (const char* text : {"one", "two", "three"}) CHECK(lines(*book, text) <= 1);
  CHECK(a->granted_bytes() == std::string{"ignorecrashonetwothree"}.size());
  CHECK(say(a, "hello") == texts{"hello 2"});
}

TEST_CASE_METHOD(slow_to_return, "route: what comes while its actor is away waits for the next one",
                 "[actors][hooks]") {
  const auto a = connect();
  say(a, "crash");
  a->client_sends("patient");
  const auto b = connect();
  b->client_sends("newcomer");
  run();
  CHECK(a->client_reads_payloads().empty());
  advance(1s + late);
  CHECK(a->client_reads_payloads() == texts{"patient 2"});
  CHECK(b->client_reads_payloads() == texts{"newcomer 2"});
  CHECK(book->present == std::vector<std::size_t>{0, 1}); // b is announced, a is known
  CHECK(lines(*book, "opened /test  ") == 2);
}

TEST_CASE_METHOD(slow_to_return, "route: who comes and goes while its actor is away was never there",
                 "[actors][hooks]") {
  const auto a = connect();
  say(a, "crash");
  const auto b = connect();
  b->client_fails();
  a->client_fails();
  run();
  advance(1s + late);
  CHECK(book->present == std::vector<std::size_t>{0, 0});
  CHECK(lines(*book, "closed peer_reset") == lines(*book, "opened /test  ") - 1);
}

TEST_CASE_METHOD(slow_to_return, "route: a restart waits longer each time", "[actors][hooks]") {
  book->births_to_fail = 3;
  const auto a = connect();
  say(a, "crash");
  for (const auto delay : {1s, 2s, 4s, 4s}) {
    const auto births = book->births_to_fail + 1;
    std::chrono::milliseconds waited{0};
    for (; book->births_to_fail + 1 == births && book->present.size() == 1 && waited < 10s;
         waited += timing_wheel::tick)
      advance(timing_wheel::tick);
    CHECK(waited >= delay);
    CHECK(waited <= delay + 2 * timing_wheel::tick);
  }
  CHECK(book->present.size() == 2);
  CHECK(say(a, "hello") == texts{"hello 5"});
  CHECK(log.named("extension_failed").size() == 4);
}

TEST_CASE_METHOD(slow_to_return, "route: a message that is not answered in time is given up",
                 "[actors][hooks]") {
  const auto a = connect();
  a->client_sends("ignore");
  a->client_sends("hello");
  run();
  advance(3s - timing_wheel::tick);
  CHECK(a->granted_bytes() == 5);
  advance(2 * timing_wheel::tick);
  CHECK(a->granted_bytes() == 11);
  CHECK(total(&loop_counters::extension_failures) == 1);
  book->unanswered.front().deliver(hooks::answer::text("too late"));
  run();
  CHECK(a->client_reads_payloads() == texts{"hello 1"});
  CHECK(total(&loop_counters::connections) == 1);
}

TEST_CASE("route: requests beyond the bound close their connection with 1013", "[actors][hooks]") {
  route_world w{{.max_pending = 2}};
  const auto a = w.connect(), b = w.connect();
  w.say(a, "ignore");
  w.say(b, "ignore");
  CHECK(a->client_reads().empty());
  CHECK(w.total(&loop_counters::extension_overflows) == 0);
  w.say(a, "one too many");
  REQUIRE(a->closing());
  CHECK(a->closing()->reason == close_reason::extension_overloaded);
  CHECK(a->closing()->code == 1013);
  CHECK_FALSE(b->closing());
  CHECK(w.total(&loop_counters::extension_overflows) == 1);
}

TEST_CASE("route: so do bytes beyond the bound", "[actors][hooks]") {
  const std::string text(1000, 'x');
  const auto one = sizeof(hooks::message) + frame::encode(opcode::text, text).bytes().size();
  route_world fits{{.max_pending_bytes = one}};
  const auto a = fits.connect();
  CHECK(fits.say(a, text) == texts{text + " 1"});
  CHECK_FALSE(a->closing());
  route_world does_not{{.max_pending_bytes = one - 1}};
  const auto b = does_not.connect();
  CHECK(does_not.say(b, text).empty());
  CHECK(b->closing());
}

TEST_CASE_METHOD(easily_discouraged, "route: when its actor is given up, its connections are told",
                 "[actors][hooks]") {
  const auto a = connect(), b = connect();
  say(a, "crash");
  CHECK(say(b, "hello") == texts{"hello 2"});
  say(a, "crash");
  for (const auto& c : {a, b}) {
    REQUIRE(c->closing());
    CHECK(c->closing()->reason == close_reason::extension_failed);
    CHECK(c->closing()->code == 1011);
  }
  const auto late = connect();
  REQUIRE(late->closing());
  CHECK(late->closing()->reason == close_reason::extension_failed);
  CHECK(log.named("extension_gave_up").size() == 1);
}

TEST_CASE_METHOD(route_world, "route: an actor leaves its successor what it handed over last",
                 "[actors][hooks]") {
  const auto a = connect(), b = connect();
  say(a, "remember this");
  say(b, "remember that");
  say(a, "crash");
  advance(100ms + late);
  say(a, "crash");
  advance(200ms + late);
  CHECK(book->inherited == texts{"nothing", "that", "that"});
  CHECK(book->present == std::vector<std::size_t>{0, 2, 2});
  CHECK(lines(*book, "opened /test  ") == 2);
}

// -- the end -----------------------------------------------------------------------------------------

TEST_CASE_METHOD(route_world, "keeper: it ends after its actor", "[actors][hooks]") {
  const auto before = running();
  caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown);
  run();
  CHECK(running() == before - 2);
  CHECK(log.named("extension_failed").empty());
}

TEST_CASE_METHOD(route_world, "keeper: it kills an actor that does not end within a second",
                 "[actors][hooks]") {
  book->clings = true;
  const auto a = connect();
  say(a, "crash");
  advance(100ms + late);
  const auto before = running();
  caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown);
  run();
  CHECK(running() == before);
  advance(1s + late);
  CHECK(running() == before - 2);
  CHECK(log.named("extension_would_not_end").size() == 1);
}

TEST_CASE_METHOD(slow_to_return, "keeper: one that waits for a restart ends at once",
                 "[actors][hooks]") {
  const auto before = running();
  const auto a = connect();
  say(a, "crash");
  caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown);
  run();
  a->client_fails();
  run();
  CHECK(running() == before - 2);
  advance(5s);
}
