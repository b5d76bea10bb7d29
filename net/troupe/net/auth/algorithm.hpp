// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The algorithms a token may be signed with (RFC 7518, section 3.1, and RFC 8037). There is no "none".
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::net::auth {

enum class algorithm : std::uint8_t {
  hs256, hs384, hs512, ///< HMAC: who can verify can sign.
  rs256, rs384, rs512, ///< RSA, PKCS #1 v1.5.
  es256, es384, es512, ///< ECDSA on P-256, P-384 and P-521.
  eddsa,               ///< Ed25519.
};

struct algorithm_name {
  algorithm value;
  std::string_view name; ///< As in the header's "alg"; case counts.
};

inline constexpr std::array algorithm_names{
    algorithm_name{algorithm::hs256, "HS256"}, algorithm_name{algorithm::hs384, "HS384"},
    algorithm_name{algorithm::hs512, "HS512"}, algorithm_name{algorithm::rs256, "RS256"},
    algorithm_name{algorithm::rs384, "RS384"}, algorithm_name{algorithm::rs512, "RS512"},
    algorithm_name{algorithm::es256, "ES256"}, algorithm_name{algorithm::es384, "ES384"},
    algorithm_name{algorithm::es512, "ES512"}, algorithm_name{algorithm::eddsa, "EdDSA"},
};

constexpr std::optional<algorithm> parse_algorithm(std::string_view name) noexcept {
  for (const auto& row : algorithm_names)
    if (row.name == name) return row.value;
  return std::nullopt;
}

constexpr std::string_view to_string(algorithm value) noexcept {
  return algorithm_names[static_cast<std::size_t>(value)].name;
}

} // namespace troupe::net::auth
