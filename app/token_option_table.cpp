// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/option_builders.hpp"
#include "app/option_tables.hpp"

#include <troupe/net/web/address.hpp>

namespace troupe::app {

namespace {

constexpr auto anything = "text";
constexpr auto pem = "public keys in PEM";
constexpr auto year_9999 = 253'402'300'799;

bool accept_any(const std::string&) { return true; }

bool is_endpoint_or_empty(const std::string& value) {
  return value.empty() || net::web::is_endpoint(value);
}

bool is_claim(const std::string& value) { return !value.empty(); }

/// The options of one kind of token. @param of Access to its token_options.
template <class Of>
void add(std::vector<option>& table, const std::string& section, Of of) {
  const auto of_texts = [&](const char* name, auto field, const char* accepts,
                            bool (*accept)(const std::string&), const char* what) {
    table.push_back(text(
        section + name, [of, field](auto& all) -> auto& { return of(all).*field; }, accepts, accept,
        what));
  };
  using fields = net::auth::token_options;
  of_texts("hmac_secret_key", &fields::hmac_secret_key, anything, accept_any,
           "Secret of tokens signed with HS256, HS384 or HS512.");
  table.back().is_secret = true;
  of_texts("hmac_previous_secret_key", &fields::hmac_previous_secret_key, anything, accept_any,
           "The secret before it: still accepted.");
  table.back().is_secret = true;
  table.push_back(integer(
      section + "hmac_previous_secret_key_valid_until",
      [of](auto& all) -> auto& { return of(all).hmac_previous_secret_key_valid_until; },
      "seconds of Unix time", {0, year_9999}, "When that ends; 0 is never."));
  of_texts("rsa_public_key", &fields::rsa_public_key, pem, accept_any,
           "Keys of tokens signed with RS256, RS384 or RS512.");
  of_texts("ecdsa_public_key", &fields::ecdsa_public_key, pem, accept_any,
           "Keys of tokens signed with ES256, ES384 or ES512.");
  of_texts("jwks_public_endpoint", &fields::jwks_public_endpoint, "an http or https URL",
           is_endpoint_or_empty, "Where a JSON Web Key Set is; if set, no other key counts.");
  of_texts("audience", &fields::audience, anything, accept_any,
           "Has to be in the claim aud; none accepts any.");
  of_texts("audience_regex", &fields::audience_regex, "a regular expression", accept_any,
           "The same as an expression that matches all of it.");
  of_texts("issuer", &fields::issuer, anything, accept_any,
           "Has to be the claim iss; none accepts any.");
  of_texts("issuer_regex", &fields::issuer_regex, "a regular expression", accept_any,
           "The same as an expression that matches all of it.");
  of_texts("user_id_claim", &fields::user_id_claim, "the name of a claim", is_claim,
           "Claim that holds the user's ID.");
}

} // namespace

std::vector<option> token_option_table() {
  std::vector<option> table;
  add(table, "client.token.", TROUPE_FIELD(server.auth.connection));
  table.push_back(boolean("client.subscription_token.enabled",
                          TROUPE_FIELD(server.auth.separate_subscription),
                          "Whether subscription tokens are verified by the options of this section "
                          "rather than of client.token."));
  add(table, "client.subscription_token.", TROUPE_FIELD(server.auth.subscription));
  return table;
}

} // namespace troupe::app
