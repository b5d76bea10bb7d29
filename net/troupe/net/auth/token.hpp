// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TOKEN: a JSON Web Token in compact form (RFC 7515, section 7.1), taken apart. Nothing in it is to be
// believed before its signature is verified.
#pragma once
#include <troupe/net/auth/algorithm.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::net::auth {

/// A longer one is refused unread.
inline constexpr std::size_t max_token_bytes = 32 * 1024;

struct token {
  algorithm signed_with = algorithm::hs256;
  std::string key_id;           ///< "kid"; empty if there is none.
  std::string_view signed_text; ///< Into the text that was parsed.
  std::string claims;           ///< JSON, as far as anybody knows.
  std::string signature;
};

/// @returns what is wrong (a constant text), empty if nothing is.
std::string_view parse(std::string_view text, token& result);

/// A token of these claims, signed with a secret. @param claims JSON object.
std::string make_token(algorithm which, std::string_view secret, std::string_view claims);

} // namespace troupe::net::auth
