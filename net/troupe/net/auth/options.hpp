// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Which tokens are accepted. docs/auth.md explains them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::net::auth {

/// Which tokens are good. Without keys none is.
struct token_options {
  std::string hmac_secret_key;          ///< For HS256, HS384 and HS512; empty: none.
  std::string hmac_previous_secret_key; ///< Accepted too while tokens of the former secret are around.
  std::int64_t hmac_previous_secret_key_valid_until = 0; ///< Unix time in seconds; 0: for ever.
  std::string rsa_public_key;           ///< PEM, one or several; for RS256, RS384 and RS512.
  std::string ecdsa_public_key;         ///< PEM, one or several; for ES256, ES384 and ES512.
  std::string jwks_public_endpoint;     ///< http or https URL. If set, keys come from there alone.
  std::string audience;                 ///< "aud" has to be it, or to hold it; empty: any.
  std::string audience_regex;           ///< The same as an expression that has to match all of it.
  std::string issuer;                   ///< "iss" has to be it; empty: any.
  std::string issuer_regex;             ///< The same as an expression.
  std::string user_id_claim = "sub";    ///< The claim that names the user.

  /// Whether there are keys, or an endpoint that has them.
  [[nodiscard]] bool has_keys() const noexcept {
    return !hmac_secret_key.empty() || !rsa_public_key.empty() || !ecdsa_public_key.empty() ||
           !jwks_public_endpoint.empty();
  }
  friend bool operator==(const token_options&, const token_options&) = default;
};

/// Tokens of connections and of subscriptions.
struct auth_options {
  token_options connection;
  token_options subscription;           ///< Only if it has rules of its own.
  bool separate_subscription = false;   ///< Else those of `connection` are for both.

  /// Those that hold for subscriptions.
  [[nodiscard]] const token_options& for_subscriptions() const noexcept {
    return separate_subscription ? subscription : connection;
  }
  friend bool operator==(const auth_options&, const auth_options&) = default;
};

} // namespace troupe::net::auth
