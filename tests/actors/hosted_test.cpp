// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What hosted actors may rely on beside their messages.
#include <troupe/hosted.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "support/catch.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>

using namespace troupe;
using testing::deterministic_system;

namespace {

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

} // namespace

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
