// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Who somebody is, and who can tell: what a CLIENT asks an AUTHENTICATOR about a token, and what it gets to
// know. Times are told as what is left of them, so that clients need no clock of the wall.
#pragma once
#include <troupe/centrifuge/publication.hpp>

#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::centrifuge {

/// Options of a namespace that a token replaces for one subscription; nothing: as they are.
struct option_overrides {
  std::optional<bool> presence;
  std::optional<bool> join_leave;
  std::optional<bool> force_push_join_leave;
  std::optional<bool> force_positioning;
  std::optional<bool> force_recovery;

  /// Whether one is replaced.
  bool any() const noexcept {
    return presence || join_leave || force_push_join_leave || force_positioning || force_recovery;
  }
};

/// What a token says about one subscription.
struct subscription_terms {
  payload info; ///< Of the subscriber, told as chan_info.
  payload data; ///< For the subscriber, in the result.
  option_overrides overrides;
};

/// Time left; nothing: no end.
using time_left = std::optional<std::chrono::milliseconds>;

/// What a valid connection token says.
struct connection_grant {
  std::string user; ///< Empty: anonymous.
  payload info;     ///< Of the connection, told as conn_info.
  time_left expires_in;
  std::map<std::string, subscription_terms> subs; ///< Channels the server subscribes.
  std::vector<std::string> labels;
  std::string meta; ///< For the server alone, as JSON; empty: nothing.
};

/// What a valid subscription token says. Whether it is for this client is for the client to check.
struct subscription_grant {
  std::string user;
  std::string channel;
  std::string client; ///< Connection ID it is limited to; empty: any.
  subscription_terms terms;
  time_left expires_in;
};

/// Why a token grants nothing.
enum class token_fault : std::uint8_t {
  invalid,     ///< Not one of ours, or not for this.
  expired,     ///< It is too late for it, or too early. The client gets a new one.
  over,        ///< It is in time, but what it grants is over.
  unavailable, ///< Nobody can tell now. The client tries again.
};

/// What is this connection token worth?
struct verify_connection {
  std::string token;
};
/// What it grants, or why nothing.
struct connection_verdict {
  std::variant<connection_grant, token_fault> value;
};

/// What is this subscription token worth?
struct verify_subscription {
  std::string token;
};
/// What it grants, or why nothing.
struct subscription_verdict {
  std::variant<subscription_grant, token_fault> value;
};

/// AUTHENTICATOR: tells what a token is worth. Answers in any order.
using authenticator_actor = caf::typed_actor<
  caf::replies_to<verify_connection>::with<connection_verdict>,
  caf::replies_to<verify_subscription>::with<subscription_verdict>>;

} // namespace troupe::centrifuge
