// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The JSON half of the codecs: one line in, one line out.
#pragma once
#include <troupe/centrifuge/command.hpp>
#include <troupe/centrifuge/reply.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace troupe::net::centrifuge::internal {

/// Reads one command, not yet normalized. Returns what is wrong (a constant text), empty if nothing
/// is.
std::string_view read_json(std::string_view line, troupe::centrifuge::command& received);

/// Without a line end, inside or after. Nothing if a payload is not JSON.
std::optional<std::string> write_json(const troupe::centrifuge::reply& message);
std::optional<std::string> write_json(const troupe::centrifuge::push& message);

} // namespace troupe::net::centrifuge::internal
