// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/base64.hpp>

#include <array>

namespace troupe::net {
namespace {

constexpr std::string_view letters_of(base64 form) noexcept {
  return form == base64::standard
             ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
             : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}

constexpr std::uint8_t no_digit = 64;

constexpr std::array<std::uint8_t, 256> digits_of(base64 form) noexcept {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::uint8_t digit = 0; const char c : letters_of(form))
    table[static_cast<unsigned char>(c)] = digit++;
  return table;
}

constexpr auto standard_digits = digits_of(base64::standard);
constexpr auto url_digits = digits_of(base64::url);

} // namespace

std::optional<std::string> decode(base64 form, std::string_view text) {
  if (form == base64::standard) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  const auto& digits = form == base64::standard ? standard_digits : url_digits;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const auto digit = digits[static_cast<unsigned char>(c)];
    if (digit == no_digit) return std::nullopt;
    held = held << 6 | digit;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xff);
  }
  if ((held & ((1u << bits) - 1)) != 0) return std::nullopt; // bits that belong to no byte
  return bytes;
}

std::string encode(base64 form, std::string_view bytes) {
  const auto letters = letters_of(form);
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6;) text += letters[held >> (bits -= 6) & 63];
  }
  if (bits != 0) text += letters[held << (6 - bits) & 63];
  if (form == base64::standard)
    while (text.size() % 4 != 0) text += '=';
  return text;
}

} // namespace troupe::net
