// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// KEY: one key that tokens are verified with. Its kind says which algorithms it is for: a token's header
// chooses among those and can never have a public key taken for a secret. Immutable, cheap to copy, safe
// from any thread.
#pragma once
#include <troupe/net/auth/algorithm.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st; // OpenSSL's EVP_PKEY

namespace troupe::net::auth {

using unix_clock = std::chrono::system_clock;

class key {
public:
  enum class kind : std::uint8_t { hmac, rsa, p256, p384, p521, ed25519 };

  /// For HS256, HS384 and HS512. @param secret Not empty.
  static key hmac(std::string secret);

  /// All public keys of a PEM text, at least one: several in a row let signers change theirs.
  /// @throws std::invalid_argument that says what is wrong, without the text itself.
  static std::vector<key> rsa(std::string_view pem);
  static std::vector<key> ecdsa(std::string_view pem);

  /// One that a library of keys made. @throws std::invalid_argument if it is too weak or of no known kind.
  static key of(std::shared_ptr<evp_pkey_st> native);

  /// The same key under a name, for one algorithm only, or for a limited time.
  [[nodiscard]] key named(std::string id) const;
  [[nodiscard]] key only_for(algorithm which) const;
  [[nodiscard]] key valid_until(unix_clock::time_point end) const;

  [[nodiscard]] kind what() const noexcept { return kind_; }
  /// Empty for keys of the configuration.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  /// Nothing: always valid.
  [[nodiscard]] std::optional<unix_clock::time_point> end() const noexcept { return end_; }
  [[nodiscard]] bool fits(algorithm which) const noexcept;

  /// @param signature As in a token: for ECDSA r and s side by side. Compares secrets in constant time.
  [[nodiscard]] bool verifies(algorithm which, std::string_view text, std::string_view signature) const;

private:
  key() = default;

  kind kind_ = kind::hmac;
  std::string id_;
  std::optional<algorithm> only_;
  std::optional<unix_clock::time_point> end_;
  std::shared_ptr<const std::string> secret_;
  std::shared_ptr<evp_pkey_st> native_;
};

/// HMAC of the text, the signature of HS256, HS384 and HS512.
std::string sign(algorithm which, std::string_view secret, std::string_view text);

} // namespace troupe::net::auth
