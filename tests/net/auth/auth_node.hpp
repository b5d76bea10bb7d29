// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// AUTH NODE: an authenticator, and everybody who asks it.
#pragma once
#include <troupe/net/auth/authenticator.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "signing_key.hpp"
#include "support/catch.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::net::auth::tests {

using namespace troupe::centrifuge;

class auth_node : public troupe::testing::deterministic_system {
public:
  ~auth_node() {
    caf::anon_send_exit(who, caf::exit_reason::kill);
    who = nullptr;
    run();
  }

  void start(authenticator_settings settings) {
    settings.figures = seen;
    settings.now = [this] { return now; };
    who = system().spawn(authenticator, std::move(settings));
    run();
  }
  void start(auth_options options) { start(authenticator_settings{.options = std::move(options)}); }

  /// Asks without waiting.
  std::shared_ptr<std::optional<connection_verdict>> ask(std::string token) {
    auto answer = std::make_shared<std::optional<connection_verdict>>();
    system().spawn([answer](caf::event_based_actor* self, const authenticator_actor& to, const std::string& t) {
      self->request(to, caf::infinite, verify_connection{t})
          .then([answer](const connection_verdict& m) { *answer = m; });
    }, authenticator_actor{who}, std::move(token));
    return answer;
  }
  connection_verdict verdict(std::string token) {
    const auto answer = ask(std::move(token));
    run();
    REQUIRE(*answer);
    return **answer;
  }
  subscription_verdict subscription(std::string token) {
    auto answer = std::make_shared<std::optional<subscription_verdict>>();
    system().spawn([answer](caf::event_based_actor* self, const authenticator_actor& to, const std::string& t) {
      self->request(to, caf::infinite, verify_subscription{t})
          .then([answer](const subscription_verdict& m) { *answer = m; });
    }, authenticator_actor{who}, std::move(token));
    run();
    REQUIRE(*answer);
    return **answer;
  }

  unix_clock::time_point now{std::chrono::seconds{2'000'000'000}};
  std::shared_ptr<counters> seen = std::make_shared<counters>();
  renewable_authenticator who;
};

inline std::optional<token_fault> fault_of(const auto& verdict) {
  const auto* fault = std::get_if<token_fault>(&verdict.value);
  return fault ? std::optional{*fault} : std::nullopt;
}

} // namespace troupe::net::auth::tests
