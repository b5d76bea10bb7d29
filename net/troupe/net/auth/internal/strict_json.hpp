// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// JSON that decides about access: an object that every reader takes for the same. Pure function.
#pragma once
#include <nlohmann/json.hpp>

#include <optional>
#include <string_view>

namespace troupe::net::auth::internal {

/// Nothing unless the text is one JSON object in UTF-8, nested at most 32 deep and without a member that
/// occurs twice, of which readers would take one or the other.
std::optional<nlohmann::ordered_json> parse_object(std::string_view text);

} // namespace troupe::net::auth::internal
