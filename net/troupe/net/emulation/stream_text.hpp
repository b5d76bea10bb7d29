// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How messages stand in the body of an answer that does not end. Pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::net::emulation {

enum class stream_format : std::uint8_t {
  lines,    ///< JSON, each message on a line of its own.
  protobuf, ///< Each message behind its length.
  sse,      ///< JSON as server-sent events (WHATWG HTML, section 9.2).
};

/// Of the answer.
std::string_view content_type_of(stream_format format) noexcept;

/// Appends the messages of whole WebSocket frames as a server sends them; control frames are left out.
void append_messages(std::string& to, std::string_view frames, stream_format format);

/// Appends one message of the Centrifuge protocol, or several that were joined.
void append_message(std::string& to, std::string_view message, stream_format format);

/// Makes what follows `begin` a chunk of the body (RFC 9112, section 7.1); leaves nothing as nothing.
void make_chunk(std::string& text, std::size_t begin);

/// What ends a body in chunks.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

} // namespace troupe::net::emulation
