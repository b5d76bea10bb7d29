// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// VERIFIER: decides what a token of one kind is worth. Order: form, key, signature, claims, audience and
// issuer, times. Owner: whoever made it; not for two threads at once if keys are exchanged.
#pragma once
#include <troupe/net/auth/claims.hpp>
#include <troupe/net/auth/key.hpp>
#include <troupe/net/auth/options.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::net::auth {

/// What a token is for.
enum class purpose : std::uint8_t { connection, subscription };

/// Why a token is not accepted.
struct refusal {
  enum class cause : std::uint8_t { invalid, expired, over, unknown_key };
  cause what = cause::invalid;
  std::string_view why; ///< A constant sentence part, for people.
};

class verifier {
public:
  /// @throws std::invalid_argument that names the option and what is wrong with it, never a secret.
  explicit verifier(const token_options& options);

  /// Goes on with other rules. The endpoint stays the one it was made with, and so do its keys. @throws As the constructor does; then
  /// nothing has changed.
  void change_rules(const token_options& options);

  /// Replaces all keys: for those that come from an endpoint.
  void set_keys(std::vector<key> keys) { keys_ = std::move(keys); }

  /// Whether verifying takes more than an HMAC.
  [[nodiscard]] bool has_public_keys() const noexcept;

  struct authentic {
    std::shared_ptr<const claims> said;
    std::optional<unix_clock::time_point> until; ///< Of the key that verified it.
  };
  /// All but times: what holds for as long as the key does. `unknown_key` only if keys come from an endpoint,
  /// for it may know the key by now.
  [[nodiscard]] std::variant<authentic, refusal> authenticate(std::string_view token, purpose what,
                                                              unix_clock::time_point now) const;

  /// Whether the claims hold now; nothing if so.
  [[nodiscard]] static std::optional<refusal> check_times(const claims& said, unix_clock::time_point now);

private:
  [[nodiscard]] std::string_view check_parties(const claims& said) const;

  token_options options_;
  std::optional<std::regex> audience_;
  std::optional<std::regex> issuer_;
  std::vector<key> keys_;
};

} // namespace troupe::net::auth
