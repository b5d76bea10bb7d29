// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How a receiver knows that a delivery is ours, whole and fresh. Pure function.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

namespace troupe::net::events {

/// Header of a delivery with the signature.
inline constexpr const char* signature_header = "Troupe-Signature";

/// "v1=<hex>" of the HMAC-SHA-256 of "<time>.<body>".
std::string signature_of(std::string_view secret, std::string_view time, std::string_view body);

/// The header's value: "t=<Unix time>,v1=<hex>", with a second v1 if there is a previous secret.
std::string sign(std::string_view secret, std::string_view previous, std::chrono::system_clock::time_point now,
                 std::string_view body);

} // namespace troupe::net::events
