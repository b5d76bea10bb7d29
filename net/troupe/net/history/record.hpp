// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A publication as bytes for the database. Thread: any.
#pragma once
#include <troupe/centrifuge/publication.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace troupe::net::history {

/// All of it but its offset and epoch.
std::string encode_record(const troupe::centrifuge::publication& what);

/// @returns nothing for bytes that encode_record() has not made.
std::optional<troupe::centrifuge::publication> decode_record(std::string_view bytes);

} // namespace troupe::net::history
