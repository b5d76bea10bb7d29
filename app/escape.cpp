// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/escape.hpp"

#include <fmt/format.h>

#include <iterator>

namespace troupe::app {

namespace {

struct character {
  char32_t code;
  std::size_t bytes;
  bool valid;
};

/// The first character of a text that is not empty. Anything but shortest-form UTF-8 of a Unicode
/// scalar value is invalid and takes one byte.
character decode(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  constexpr auto invalid = character{0xfffd, 1, false};
  const auto lead = byte(0);
  if (lead < 0x80)
    return {lead, 1, true};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes)
    return invalid;
  char32_t code = lead & (0x7f >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80)
      return invalid;
    code = (code << 6) | (byte(i) & 0x3f);
  }
  const bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff)
    return invalid;
  return {code, bytes, true};
}

/// Characters that move the cursor, reorder the line or cannot be seen.
bool is_unsafe(char32_t code) {
  auto within = [code](char32_t first, char32_t last) { return code >= first && code <= last; };
  return code < 0x20 || within(0x7f, 0x9f) || code == 0xad || code == 0x61c ||
         within(0x200b, 0x200f) || within(0x2028, 0x202e) || within(0x2060, 0x206f) ||
         code == 0xfeff || within(0xfff9, 0xfffb) || within(0xe0000, 0xe007f);
}

void append_escape(std::string& out, char32_t code) {
  auto unit = [&](unsigned value) { fmt::format_to(std::back_inserter(out), "\\u{:04x}", value); };
  switch (code) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (code < 0x10000) {
    unit(code);
  } else {
    unit(0xd800 + ((code - 0x10000) >> 10));
    unit(0xdc00 + ((code - 0x10000) & 0x3ff));
  }
}

} // namespace

std::string escaped(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view ellipsis = "…";
  std::string out;
  std::size_t cut = 0; // Longest prefix of whole characters that leaves room for the ellipsis.
  while (!text.empty()) {
    const auto next = decode(text);
    if (!next.valid || next.code == '"' || next.code == '\\' || is_unsafe(next.code))
      append_escape(out, next.code);
    else
      out += text.substr(0, next.bytes);
    if (out.size() > max_bytes) {
      out.resize(cut);
      return out += ellipsis;
    }
    if (out.size() + ellipsis.size() <= max_bytes)
      cut = out.size();
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string in_quotes(std::string_view text, std::size_t max_bytes) {
  return '"' + escaped(text, max_bytes) + '"';
}

} // namespace troupe::app
