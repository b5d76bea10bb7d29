// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CLAIMS: what a token says (RFC 7519 and docs/auth.md), as plain values, for both kinds of tokens.
#pragma once
#include <troupe/centrifuge/authentication.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::net::auth {

struct claims {
  using seconds = std::chrono::sys_seconds;

  std::string user;
  std::optional<std::string> issuer;
  std::vector<std::string> audience;
  std::optional<seconds> expires;    ///< "exp"
  std::optional<seconds> not_before; ///< "nbf"
  std::optional<seconds> grant_ends; ///< "expire_at", else "exp"; nothing: no end.

  // Of the connection, or of the one subscription.
  troupe::centrifuge::subscription_terms terms;

  // -- of connection tokens ---
  std::map<std::string, troupe::centrifuge::subscription_terms> subs; ///< "subs", else "channels"
  std::vector<std::string> labels;
  std::string meta; ///< JSON; empty: none.

  // -- of subscription tokens ---
  std::string channel; ///< In a connection token it makes it invalid.
  std::string client;
};

/// @param user_claim Which claim names the user.
/// @returns what is wrong (a constant text), empty if nothing is.
std::string_view read_claims(std::string_view json, std::string_view user_claim, claims& result);

} // namespace troupe::net::auth
