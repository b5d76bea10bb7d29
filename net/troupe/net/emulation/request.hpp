// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a client without a WebSocket says: a request of its own for each time it speaks. Pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace troupe::net::emulation {

/// Its session and node stood in the reply to its connect command.
struct request {
  std::string node;
  std::string session;
  std::string data; ///< Commands, as they would stand in one WebSocket message.
};

/// @returns nothing if it is not JSON of this shape: {"session": "…", "node": "…", "data": "…"}.
std::optional<request> read_json(std::string_view text);
/// @returns nothing if it is no such message of Protobuf.
std::optional<request> read_protobuf(std::string_view bytes);
std::string write_protobuf(const request& what);

} // namespace troupe::net::emulation
