// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/secret.hpp>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace troupe::net::auth {

namespace {

std::array<unsigned char, 32> digest_of(std::string_view text) {
  std::array<unsigned char, 32> result{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), result.data());
  return result;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace

secret::secret(std::string_view text) : digest_(digest_of(text)), empty_(text.empty()) {}

bool secret::is(std::string_view guess) const {
  return CRYPTO_memcmp(digest_of(guess).data(), digest_.data(), digest_.size()) == 0 && !empty_;
}

std::string_view credentials(std::string_view authorization, std::string_view scheme) {
  const bool fits = authorization.size() > scheme.size() && authorization[scheme.size()] == ' ' &&
                    std::equal(scheme.begin(), scheme.end(), authorization.begin(),
                               [](char a, char b) { return lower(a) == lower(b); });
  return fits ? authorization.substr(scheme.size() + 1) : std::string_view{};
}

} // namespace troupe::net::auth
