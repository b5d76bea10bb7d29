// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Reads requests of the server API from JSON. Payloads are kept byte for byte. Thread: any; each keeps
// scratch memory for the longest text it has read.
#pragma once
#include <troupe/net/api/requests.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace troupe::net::api {

[[nodiscard]] bool is_method(std::string_view name);

/// Nothing if the text is not one JSON object or a field has a wrong type. `method` must be one.
[[nodiscard]] std::optional<request> read_request(std::string_view method, std::string_view json);

/// Commands of the legacy form, back to back. Nothing as above, or if there is none.
[[nodiscard]] std::optional<std::vector<legacy_command>> read_legacy(std::string_view json);

} // namespace troupe::net::api
