// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// AUTHENTICATOR: verifies the tokens of clients.
// Thread: CAF's scheduler, never a loop. Owner: the server. Bounded by: each client asks one question at a time;
// of more than max_waiting questions, or max_waiting_for_keys, the rest is answered `unavailable` unread; the
// cache has a bound in bytes. Ends when: the server does.
#pragma once
#include <troupe/centrifuge/authentication.hpp>
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/net/auth/counters.hpp>
#include <troupe/net/auth/fetch_schedule.hpp>
#include <troupe/net/auth/key_source.hpp>
#include <troupe/net/auth/token_cache.hpp>
#include <troupe/net/auth/verifier.hpp>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::net::auth {

/// From the server: these options hold from now on, for tokens that were accepted before too. Their endpoints, and
/// whether subscriptions have rules of their own, are those that it was spawned with.
struct renew_rules {
  auth_options options; ///< Valid ones.
};

using renewable_authenticator = troupe::centrifuge::authenticator_actor::extend<caf::reacts_to<renew_rules>>;

struct authenticator_settings {
  auth_options options; ///< Valid ones.
  key_source_actor keys; ///< Of endpoints, if the options have one.
  std::shared_ptr<counters> figures = std::make_shared<counters>();
  std::size_t max_waiting = 10'000;
  std::size_t max_waiting_for_keys = 1'000; ///< Of each kind.
  std::size_t cache_bytes = 4 * 1024 * 1024;
  std::function<unix_clock::time_point()> now = unix_clock::now;
};

class authenticator_state {
public:
  using handle = renewable_authenticator;
  using pointer = handle::stateful_pointer<authenticator_state>;
  static constexpr const char* name = "authenticator";

  explicit authenticator_state(pointer self) : self_(self) {}

  handle::behavior_type make_behavior(authenticator_settings settings);

private:
  /// What the claims grant, or why nothing.
  using judgement = std::variant<std::shared_ptr<const claims>, troupe::centrifuge::token_fault>;
  struct question {
    std::string token;
    purpose what;
    std::function<void(const judgement&)> answer;
  };
  /// The rules of one kind of token, and where its keys come from.
  struct court {
    verifier rules;
    std::string endpoint; // empty: the keys are those of the configuration
    fetch_schedule schedule;
    std::vector<question> waiting; // for keys
  };

  void on_renew(const renew_rules& m);
  court& court_of(purpose what) noexcept;
  void decide(question q);
  void conclude(const question& q, const std::variant<verifier::authentic, refusal>& verdict);
  void give_up(const question& q);
  std::variant<verifier::authentic, refusal> authenticate(court& by, const question& q);
  void fetch(court& by);
  void on_fetched(court& by, const std::string& text);
  void wait_for_keys(court& by, question q);
  troupe::centrifuge::time_left left_until(const std::optional<claims::seconds>& end) const;

  pointer self_;
  authenticator_settings settings_;
  std::optional<court> connections_;
  std::optional<court> subscriptions_; // only if they have rules of their own
  std::optional<token_cache> cache_;
};

/// Spawn with `system.spawn(authenticator, authenticator_settings{...})`.
authenticator_state::handle::behavior_type authenticator(authenticator_state::pointer self,
                                                         authenticator_settings settings);

} // namespace troupe::net::auth

CAF_BEGIN_TYPE_ID_BLOCK(troupe_authenticator, 31200)
  CAF_ADD_TYPE_ID(troupe_authenticator, (troupe::net::auth::renew_rules))
CAF_END_TYPE_ID_BLOCK(troupe_authenticator)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::auth::renew_rules)
