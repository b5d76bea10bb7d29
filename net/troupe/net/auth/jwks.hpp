// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A JSON Web Key Set (RFC 7517, section 5) as the keys that tokens can be verified with.
#pragma once
#include <troupe/net/auth/key.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace troupe::net::auth {

/// Keys that are no use here are left out: those without a "kid", for encryption, of another kind, too weak
/// or malformed. Secrets are: whoever publishes one has none.
/// @returns nothing if the text is no key set, or has more than 64 keys.
std::optional<std::vector<key>> read_key_set(std::string_view json);

} // namespace troupe::net::auth
