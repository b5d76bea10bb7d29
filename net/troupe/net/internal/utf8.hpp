// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Where characters of UTF-8 begin and end. Thread: any.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::net {

inline bool continues_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Cuts it to what a close frame holds (RFC 6455, section 5.5), between two characters.
inline void cut_close_text(std::string& text) {
  constexpr std::size_t max_bytes = 123;
  if (text.size() <= max_bytes) return;
  auto end = max_bytes;
  while (end != 0 && continues_character(text[end])) --end;
  text.resize(end);
}

/// Whether the last character of text that is valid so far lacks bytes.
inline bool ends_within_character(std::string_view text) noexcept {
  constexpr std::size_t longest = 4;
  for (std::size_t have = 1; have < longest && have <= text.size(); ++have) {
    const auto c = static_cast<unsigned char>(text[text.size() - have]);
    if (continues_character(text[text.size() - have])) continue;
    const std::size_t needs = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
    return have < needs;
  }
  return false;
}

} // namespace troupe::net
