// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SIGNING KEY: the other side of a key pair, as an issuer of tokens has it. Ours can only verify.
#pragma once
#include <troupe/net/base64.hpp>
#include <troupe/net/auth/key.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace troupe::net::auth::tests {

class signing_key {
public:
  static signing_key rsa(unsigned bits = 2048);
  /// @param curve "P-256", "P-384" or "P-521"; OpenSSL knows others.
  static signing_key ec(const char* curve);
  static signing_key ed25519();

  [[nodiscard]] std::string public_pem() const;
  [[nodiscard]] std::string private_pem() const;
  [[nodiscard]] const std::shared_ptr<evp_pkey_st>& native() const { return native_; }
  /// "kty" and what belongs to it, as in a JSON Web Key.
  [[nodiscard]] std::string jwk_members() const;
  /// As in a token.
  [[nodiscard]] std::string sign(algorithm which, std::string_view text) const;
  /// As OpenSSL makes it: DER for ECDSA.
  [[nodiscard]] std::string sign_raw(algorithm which, std::string_view text) const;

private:
  std::shared_ptr<evp_pkey_st> native_;
};

inline std::string url(std::string_view bytes) { return encode(base64::url, bytes); }

/// Header and claims in base64, ready to be signed.
inline std::string unsigned_token(std::string_view header, std::string_view claims) {
  return url(header) + '.' + url(claims);
}

/// {"alg":"RS256","typ":"JWT"}
inline std::string header_of(algorithm which) {
  return R"({"alg":")" + std::string{to_string(which)} + R"(","typ":"JWT"})";
}

inline std::string signed_with(const signing_key& by, algorithm which, std::string_view claims,
                               std::string header = {}) {
  if (header.empty()) header = header_of(which);
  const auto text = unsigned_token(header, claims);
  return text + '.' + url(by.sign(which, text));
}

inline std::string signed_with(std::string_view secret, algorithm which, std::string_view claims,
                               std::string header = {}) {
  if (header.empty()) header = header_of(which);
  const auto text = unsigned_token(header, claims);
  return text + '.' + url(sign(which, secret, text));
}

} // namespace troupe::net::auth::tests
