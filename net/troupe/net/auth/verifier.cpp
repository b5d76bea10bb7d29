// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/verifier.hpp>

#include <troupe/net/auth/token.hpp>
#include <troupe/regex_counts.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace troupe::net::auth {
namespace {

// The library's regular expressions recurse, so what they see is short.
constexpr std::size_t max_matched_bytes = 1024;

std::optional<std::regex> compile(const char* option, const std::string& expression) {
  if (expression.empty()) return std::nullopt;
  try {
    require_small_counts(expression);
    return std::regex{expression, std::regex::ECMAScript | std::regex::optimize};
  } catch (const std::regex_error&) {
    throw std::invalid_argument{std::string{option} + ": is not a regular expression"};
  }
}

bool matches(const std::regex& expression, const std::string& text) {
  return text.size() <= max_matched_bytes && std::regex_match(text, expression);
}

void add(std::vector<key>& keys, const char* option, const std::string& pem,
         std::vector<key> (*read)(std::string_view)) {
  if (pem.empty()) return;
  try {
    std::ranges::move(read(pem), std::back_inserter(keys));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument{std::string{option} + ": " + error.what()};
  }
}

std::vector<key> keys_of(const token_options& options) {
  std::vector<key> keys;
  if (!options.hmac_secret_key.empty()) keys.push_back(key::hmac(options.hmac_secret_key));
  if (!options.hmac_previous_secret_key.empty()) {
    auto previous = key::hmac(options.hmac_previous_secret_key);
    if (const auto end = options.hmac_previous_secret_key_valid_until; end != 0)
      previous = previous.valid_until(unix_clock::time_point{std::chrono::seconds{end}});
    keys.push_back(std::move(previous));
  }
  add(keys, "rsa_public_key", options.rsa_public_key, key::rsa);
  add(keys, "ecdsa_public_key", options.ecdsa_public_key, key::ecdsa);
  return keys;
}

refusal invalid(std::string_view why) { return {refusal::cause::invalid, why}; }

} // namespace

verifier::verifier(const token_options& options)
    : options_(options), audience_(compile("audience_regex", options.audience_regex)),
      issuer_(compile("issuer_regex", options.issuer_regex)) {
  if (options.jwks_public_endpoint.empty()) keys_ = keys_of(options);
}

std::variant<verifier::authentic, refusal> verifier::authenticate(std::string_view text, purpose what,
                                                                  unix_clock::time_point now) const {
  const bool by_name = !options_.jwks_public_endpoint.empty();
  token parsed;
  if (const auto wrong = parse(text, parsed); !wrong.empty()) return invalid(wrong);
  if (by_name && parsed.key_id.empty()) return invalid("it does not name its key");
  authentic result;
  bool has_key = false;
  bool is_signed = false;
  for (const auto& each : keys_) {
    if (by_name && each.id() != parsed.key_id) continue;
    has_key = true;
    if ((each.end() && *each.end() <= now) ||
        !each.verifies(parsed.signed_with, parsed.signed_text, parsed.signature))
      continue;
    is_signed = true;
    result.until = each.end();
    break;
  }
  if (by_name && !has_key) return refusal{refusal::cause::unknown_key, "its key is not known"};
  if (!is_signed) return invalid("no key for its algorithm has made its signature");
  const auto said = std::make_shared<claims>();
  if (const auto wrong = read_claims(parsed.claims, options_.user_id_claim, *said); !wrong.empty())
    return invalid(wrong);
  if (const auto wrong = check_parties(*said); !wrong.empty()) return invalid(wrong);
  if (what == purpose::connection && !said->channel.empty())
    return invalid("it is a subscription token: it has a channel");
  if (what == purpose::subscription && said->channel.empty())
    return invalid("it is no subscription token: it has no channel");
  result.said = said;
  return result;
}

void verifier::change_rules(const token_options& options) {
  auto rules = options;
  rules.jwks_public_endpoint = options_.jwks_public_endpoint;
  verifier next{rules};
  if (!rules.jwks_public_endpoint.empty()) next.keys_ = keys_;
  *this = std::move(next);
}

bool verifier::has_public_keys() const noexcept {
  return std::ranges::any_of(keys_, [](const key& k) { return k.what() != key::kind::hmac; });
}

std::string_view verifier::check_parties(const claims& said) const {
  const auto for_whom = [&](auto accepts) { return std::ranges::any_of(said.audience, accepts); };
  if (!options_.audience.empty() && !for_whom([&](const auto& a) { return a == options_.audience; }))
    return "it is for another audience";
  if (audience_ && !for_whom([&](const auto& a) { return matches(*audience_, a); }))
    return "it is for another audience";
  if (!options_.issuer.empty() && said.issuer != options_.issuer) return "it is of another issuer";
  if (issuer_ && !(said.issuer && matches(*issuer_, *said.issuer))) return "it is of another issuer";
  return {};
}

std::optional<refusal> verifier::check_times(const claims& said, unix_clock::time_point now) {
  if (said.expires && now >= *said.expires) return refusal{refusal::cause::expired, "it has expired"};
  if (said.not_before && now <= *said.not_before)
    return refusal{refusal::cause::expired, "it is not valid yet"};
  if (said.grant_ends && now >= *said.grant_ends)
    return refusal{refusal::cause::over, "what it grants is over"};
  return std::nullopt;
}

} // namespace troupe::net::auth
