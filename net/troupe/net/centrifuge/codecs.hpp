// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The two encodings of the Centrifuge protocol. Thread: all of it is safe from any thread; each
// thread keeps scratch memory of about six times the longest JSON message it has decoded.
// Protobuf's own log is turned off for the process by the first command decoded.
#pragma once
#include <troupe/centrifuge/codec.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::net::centrifuge {

/// Lives for ever.
const troupe::centrifuge::codec& codec_for(troupe::centrifuge::encoding kind) noexcept;

/// JSON nested deeper than this is refused.
inline constexpr std::size_t max_json_depth = 256;

/// Whether the text is exactly one JSON value. Numbers of any size and lone surrogates in escapes
/// are fine: a client may not understand them, but they do not break the message around them.
bool is_json(std::string_view text);

/// Bytes of the JSON value that the text begins with; 0 if it begins with none.
std::size_t first_json(std::string_view text);

/// A payload that did not come through a codec, with is_json found out.
troupe::centrifuge::payload make_payload(std::string bytes);

} // namespace troupe::net::centrifuge
