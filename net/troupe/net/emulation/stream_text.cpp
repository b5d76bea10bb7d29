// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/emulation/stream_text.hpp>

#include <troupe/frame.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace troupe::net::emulation {

namespace {

/// Takes the first frame off: unmasked, in one piece (RFC 6455, section 5.2).
std::pair<opcode, std::string_view> take_frame(std::string_view& frames) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(frames[i]); };
  const auto type = static_cast<opcode>(byte(0) & 0x0f);
  std::size_t size = byte(1);
  const std::size_t extra = size < 126 ? 0 : size == 126 ? 2 : 8;
  if (extra != 0) {
    size = 0;
    for (std::size_t i = 0; i < extra; ++i) size = size << 8 | byte(2 + i);
  }
  const auto payload = frames.substr(2 + extra, size);
  frames.remove_prefix(2 + extra + size);
  return {type, payload};
}

} // namespace

std::string_view content_type_of(stream_format format) noexcept {
  switch (format) {
    case stream_format::protobuf: return "application/octet-stream";
    case stream_format::sse: return "text/event-stream; charset=utf-8";
    case stream_format::lines: break;
  }
  return "application/json; charset=utf-8";
}

void append_message(std::string& to, std::string_view message, stream_format format) {
  if (format == stream_format::protobuf) {
    to += message;
    return;
  }
  while (!message.empty()) { // messages that were joined have a line each
    const auto line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(message.size(), line.size() + 1));
    if (line.empty()) continue;
    if (format == stream_format::sse) to += "data: ";
    to += line;
    to += format == stream_format::sse ? "\n\n" : "\n";
  }
}

void append_messages(std::string& to, std::string_view frames, stream_format format) {
  while (!frames.empty()) {
    const auto [type, payload] = take_frame(frames);
    if (type == opcode::text || type == opcode::binary) append_message(to, payload, format);
  }
}

void make_chunk(std::string& text, std::size_t begin) {
  if (text.size() == begin) return;
  text.insert(begin, fmt::format("{:x}\r\n", text.size() - begin));
  text += "\r\n";
}

} // namespace troupe::net::emulation
