// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WIRE READER: takes a server's byte stream apart into messages, as a client would (RFC 6455, section
// 5.2). Knows what Troupe sends: final, unmasked frames. For tests: wrong bytes throw.
// Thread: any one. Bounded by: the bytes given.
#pragma once
#include <troupe/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::testing {

/// One message as a client sees it.
struct wire_message {
  opcode type = opcode::binary;
  std::string payload;
  bool deflated = false;

  /// Of a close frame; 1005 if it holds no code (RFC 6455, section 7.1.5).
  [[nodiscard]] std::uint16_t close_code() const {
    if (payload.size() < 2) return 1005;
    return static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8 |
                                      static_cast<std::uint8_t>(payload[1]));
  }
  /// Of a close frame: the text after the code.
  [[nodiscard]] std::string_view close_text() const {
    return payload.size() < 2 ? std::string_view{} : std::string_view{payload}.substr(2);
  }

  friend bool operator==(const wire_message&, const wire_message&) = default;
};

/// Makes messages of the bytes a server sends, piece by piece.
class wire_reader {
public:
  /// More bytes, as many as there are.
  void feed(std::string_view bytes) { bytes_ += bytes; }

  /// The next whole message, or nothing while it is incomplete.
  /// @throws std::runtime_error if the bytes are no frame that a server may send.
  std::optional<wire_message> next() {
    if (bytes_.size() < 2) return std::nullopt;
    const auto first = byte(0);
    require((first & 0x80) != 0, "a fragment");
    require((first & 0x30) == 0, "reserved bits");
    require((byte(1) & 0x80) == 0, "a masked frame");
    const auto type = static_cast<opcode>(first & 0x0f);
    require(type == opcode::text || type == opcode::binary || type == opcode::close ||
              type == opcode::ping || type == opcode::pong, "an unknown opcode");
    const std::size_t length_bytes = byte(1) == 127 ? 8 : byte(1) == 126 ? 2 : 0;
    const auto header = 2 + length_bytes;
    if (bytes_.size() < header) return std::nullopt;
    std::uint64_t length = length_bytes == 0 ? byte(1) : 0;
    for (std::size_t i = 2; i < header; ++i) length = length << 8 | byte(i);
    require(length_bytes == 0 || length > (length_bytes == 2 ? 125U : 0xffffU), "a length too long");
    if (bytes_.size() - header < length) return std::nullopt;
    wire_message m{type, bytes_.substr(header, length), (first & 0x40) != 0};
    bytes_.erase(0, header + length);
    return m;
  }

  /// Bytes of an incomplete message.
  [[nodiscard]] std::size_t pending_bytes() const noexcept { return bytes_.size(); }

private:
  [[nodiscard]] std::uint8_t byte(std::size_t i) const { return static_cast<std::uint8_t>(bytes_[i]); }

  static void require(bool holds, const char* what) {
    if (!holds) throw std::runtime_error{std::string{"the server sent "} + what};
  }

  std::string bytes_;
};

} // namespace troupe::testing
