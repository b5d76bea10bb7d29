// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CLIENT FRAME: the bytes of one WebSocket frame as a client sends it (RFC 6455, section 5.2),
// right or deliberately wrong.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::tests {

struct client_frame {
  static constexpr std::uint8_t continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8,
                                ping = 0x9, pong = 0xa;

  std::uint8_t type = text;
  std::string_view payload = {};
  bool final = true;
  bool deflated = false; ///< RSV1.
  bool masked = true;
  std::array<std::uint8_t, 4> mask = {0x12, 0x34, 0x56, 0x78};
  std::optional<std::uint64_t> claimed = {}; ///< A length other than the payload's.
  std::size_t length_bytes = 0; ///< 2 or 8: that form, even where a shorter one would do.

  [[nodiscard]] std::string bytes() const {
    const auto length = claimed.value_or(payload.size());
    const auto form = length_bytes != 0  ? length_bytes
                      : length < 126     ? 0U
                      : length <= 0xffff ? 2U
                                         : 8U;
    std::string out;
    const auto put = [&](std::uint64_t byte) { out += static_cast<char>(byte & 0xff); };
    put((final ? 0x80U : 0U) | (deflated ? 0x40U : 0U) | type);
    put((masked ? 0x80U : 0U) | (form == 0 ? length : form == 2 ? 126U : 127U));
    for (auto i = form; i-- != 0;)
      put(length >> (8 * i));
    if (!masked)
      return out.append(payload);
    for (const auto m : mask)
      put(m);
    for (std::size_t i = 0; i < payload.size(); ++i)
      put(static_cast<std::uint8_t>(payload[i]) ^ mask[i % mask.size()]);
    return out;
  }

  /// A close frame with a code.
  static std::string closing(std::uint16_t code, std::string_view text = {}) {
    const auto body = std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    return client_frame{.type = close, .payload = body + std::string{text}}.bytes();
  }
};

} // namespace troupe::tests
