// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What hosted actors may rely on beside their messages: receive timeouts, and behaviors that are shared.
#include <troupe/hosted.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "support/catch.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using testing::deterministic_system;

namespace {

using notes = std::vector<std::string>;

caf::behavior patient(caf::event_based_actor*, notes* written) {
  return {
    [=](int n) { written->push_back(std::to_string(n)); },
    caf::after(2s) >> [=] { written->push_back("silence"); },
  };
}

caf::behavior patient_later(caf::event_based_actor* self, notes* written) {
  return {[=](int n) {
    written->push_back(std::to_string(n));
    self->become(patient(self, written));
  }};
}

using adder = caf::typed_actor<caf::replies_to<int>::with<int>>;

struct adder_state {
  static constexpr const char* name = "adder";
  int sum = 0;
};

adder::behavior_type add_up(hosted_pointer<adder, adder_state>) {
  static const adder::behavior_type all{
    [](int n) { return running_state<hosted_pointer<adder, adder_state>>().sum += n; }};
  return all;
}

/// Asks, and writes down the answer or what went wrong.
caf::behavior curious(caf::event_based_actor* self, adder whom, notes* written) {
  return {[=](int n) {
    self->request(whom, caf::infinite, n)
      .then([=](int sum) { written->push_back(std::to_string(sum)); },
            [=](const caf::error& why) { written->push_back(self->system().render(why)); });
  }};
}

} // namespace

TEST_CASE_METHOD(deterministic_system, "hosted: an actor hears of silence after its last message", "[actors][hosted]") {
  notes written;
  const auto begins = GENERATE(patient, patient_later);
  const auto who = spawn_on(host(), begins, &written);
  caf::anon_send(who, 1);
  advance(1500ms);
  caf::anon_send(who, 2);
  advance(1500ms);
  CHECK(written == notes{"1", "2"});
  advance(1s);
  CHECK(written == notes{"1", "2", "silence"});
  caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
}

TEST_CASE_METHOD(deterministic_system, "hosted: actors that share a behavior have each their state", "[actors][hosted]") {
  const auto a = spawn_on(host(), add_up);
  const auto b = spawn_on(host(), add_up);
  CHECK(ask<int>(a, 1) == 1);
  CHECK(ask<int>(b, 10) == 10);
  CHECK(ask<int>(a, 2) == 3);
  CHECK(ask<int>(b, 20) == 30);
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(b, caf::exit_reason::user_shutdown);
}

TEST_CASE_METHOD(deterministic_system, "hosted: who asks an actor that has ended is told so, also if it ends with the question in its mailbox",
                 "[actors][hosted]") {
  notes written;
  const auto whom = spawn_on(host(), add_up);
  const auto who = spawn_on(host(), curious, whom, &written);
  caf::anon_send(who, 1);
  run();
  CHECK(written == notes{"1"});
  caf::anon_send(who, 2);
  while (written.size() == 1 && !host().idle()) {
    caf::anon_send_exit(whom, caf::exit_reason::user_shutdown); // comes before what waits
    host().run_one();
  }
  run();
  caf::anon_send(who, 3);
  run();
  REQUIRE(written.size() == 3);
  CHECK(written[1] == system().render(caf::make_error(caf::sec::request_receiver_down)));
  CHECK(written[2] == written[1]);
  caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
}
