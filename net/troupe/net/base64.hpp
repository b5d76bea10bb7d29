// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Base64 (RFC 4648), strictly: one text for each value and one value for each text, so that a token
// cannot be rewritten and stay valid. Pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::net {

enum class base64 : std::uint8_t {
  standard, ///< Section 4, with padding.
  url,      ///< Section 5, without padding, as tokens have it.
};

/// Nothing if the text is not what encode() makes of some bytes.
std::optional<std::string> decode(base64 form, std::string_view text);

std::string encode(base64 form, std::string_view bytes);

} // namespace troupe::net
