// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What travels express is a message as any other, but for what it costs.
#include <troupe/express.hpp>
#include <troupe/hosted.hpp>
#include <troupe/inspect/observatory.hpp>
#include <troupe/meters/message_type.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "support/catch.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>

#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace troupe;
using testing::deterministic_system;

namespace {

using notes = std::vector<std::string>;
using answerer = caf::typed_actor<caf::replies_to<int>::with<int>>;
using taker = caf::typed_actor<caf::reacts_to<int>, caf::reacts_to<bool>, caf::reacts_to<std::string>>;

struct taker_state {
  static constexpr const char* name = "taker";
  using pointer = hosted_pointer<taker, taker_state>;
  explicit taker_state(pointer self) : self_(self) {}

  taker::behavior_type make_behavior(notes* written, bool expects, answerer asks) {
    written_ = written;
    asks_ = std::move(asks);
    if (expects) self_->expects(express_lanes<&taker_state::on_number, &taker_state::on_flag>::of<pointer>);
    return {
      [this](int n) { written_->push_back("found a handler for " + std::to_string(n)); },
      [this](bool) { written_->push_back("found a handler for a flag"); },
      [this](const std::string& text) {
        if (!asks_) return written_->push_back(text);
        self_->request(asks_, caf::infinite, 1).await([this](int n) { written_->push_back("answer " + std::to_string(n)); });
      },
    };
  }

private:
  void on_number(const int& n) {
    if (n < 0) throw std::runtime_error{"no number"};
    written_->push_back(std::to_string(n) + " from " + (self_->current_sender() ? "an actor" : "nobody"));
  }

  void on_flag(const bool& set) { written_->push_back(set ? "set" : "cleared"); }

  pointer self_;
  notes* written_ = nullptr;
  answerer asks_;
};

taker::behavior_type take(taker_state::pointer self, notes* written, bool expects, answerer asks) {
  return self->state.make_behavior(written, expects, std::move(asks));
}

caf::behavior idle_actor(caf::event_based_actor*) {
  return {[](const std::string&) {}};
}

answerer::behavior_type add_one(answerer::pointer) {
  return {[](int n) { return n + 1; }};
}

/// A taker, and an actor that sends to it.
struct pair : deterministic_system {
  notes written;
  taker who;
  caf::actor from = spawn_on(host(), idle_actor);

  ~pair() { caf::anon_send_exit(from, caf::exit_reason::user_shutdown); }

  void spawn_taker(bool expects, answerer asks = {}) {
    who = spawn_on(host(), take, &written, expects, std::move(asks));
    run();
  }
  void express(int n) { send_express(caf::actor_cast<caf::event_based_actor*>(from), who, n); }
  void end() {
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    run();
  }
};

} // namespace

TEST_CASE_METHOD(pair, "express: who expects a message gets it in its turn among others", "[actors][express]") {
  spawn_taker(true);
  express(1);
  caf::anon_send(who, std::string{"between"});
  express(2);
  run();
  CHECK(written == notes{"1 from an actor", "between", "2 from an actor"});
  end();
}

TEST_CASE_METHOD(pair, "express: who expects several types has the handler of each called, in order", "[actors][express]") {
  spawn_taker(true);
  tell_express(host(), who, true);
  express(1);
  tell_express(host(), who, 2);
  tell_express(host(), who, false);
  run();
  CHECK(written == notes{"set", "1 from an actor", "2 from nobody", "cleared"});
  end();
}

TEST_CASE_METHOD(pair, "express: who expects nothing finds a handler for it", "[actors][express]") {
  spawn_taker(false);
  express(1);
  run();
  CHECK(written == notes{"found a handler for 1"});
  end();
}

TEST_CASE_METHOD(pair, "express: who expects a message handles one that was sent in the usual way", "[actors][express]") {
  spawn_taker(true);
  caf::anon_send(who, 7);
  run();
  CHECK(written == notes{"found a handler for 7"});
  end();
}

TEST_CASE_METHOD(pair, "express: who awaits an answer gets what came meanwhile after it, in order", "[actors][express]") {
  const answerer slow = spawn_on(host(), add_one);
  spawn_taker(true, slow);
  caf::anon_send(who, std::string{"ask"});
  express(5);
  express(6);
  CHECK(written.empty());
  run();
  CHECK(written == notes{"answer 2", "5 from an actor", "6 from an actor"});
  caf::anon_send_exit(slow, caf::exit_reason::user_shutdown);
  end();
}

TEST_CASE_METHOD(pair, "express: who is ended before its turn handles nothing of what came, and leaks none of it",
                 "[actors][express]") {
  spawn_taker(true);
  express(1);
  express(2);
  auto* ended = caf::actor_cast<caf::scheduled_actor*>(who); // as a loop does with those that are left
  ended->quit(caf::exit_reason::user_shutdown);
  ended->finalize();
  run();
  CHECK(written.empty());
}

TEST_CASE_METHOD(pair, "express: an exception ends the actor, and what comes later is a dead letter", "[actors][express]") {
  spawn_taker(true);
  const auto whom = who.id();
  express(-1);
  express(2);
  run();
  CHECK(written.empty());
  express(3);
  run();
  const auto lost = host().figures()->actors->lost().recent();
  REQUIRE_FALSE(lost.empty());
  CHECK(lost[0].to == whom);
  CHECK(lost[0].from == from.id());
  CHECK(meters::message_name(*lost[0].message) == "int");
}

TEST_CASE_METHOD(pair, "express: who looks sees it counted and by its name", "[actors][express]") {
  spawn_taker(true);
  express(1);
  run();
  bool seen = false;
  inspection::observatory{{host().figures()}}.visit([&](const inspection::row& r) {
    if (r.id != who.id()) return;
    seen = true;
    CHECK(r.handled == 1);
    CHECK(r.last_message_name() == "int");
  });
  CHECK(seen);
  end();
}

TEST_CASE("express: a thread keeps the memory of its messages up to a bound", "[actors][express]") {
  using memory = kept_memory<48>;
  std::size_t kept = 0;
  std::thread{[&] {
    std::vector<void*> taken;
    for (std::size_t i = 0; i < memory::most_kept + 10; ++i) taken.push_back(memory::take());
    for (auto* piece : taken) memory::give(piece);
    kept = memory::kept();
  }}.join(); // which gives it back: else a leak is found
  CHECK(kept == memory::most_kept);
}

TEST_CASE("express: a thread may give back the memory of another's message", "[actors][express]") {
  using memory = kept_memory<56>;
  auto* piece = memory::take();
  bool is_used_again = false;
  std::thread{[&] {
    memory::give(piece);
    auto* again = memory::take();
    is_used_again = again == piece;
    memory::give(again);
  }}.join();
  CHECK(is_used_again);
  CHECK(memory::kept() == 0);
}
