// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// FRAME_READER: takes apart the frames a server sends, in place, however TCP cut or joined them.
// Thread: none of its own. Bounds: keeps at most the head of one frame (135 bytes), never a
// payload.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::app::bench {

enum class opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};

/// One frame that has arrived whole.
struct frame {
  opcode type;
  std::uint64_t payload_bytes;
  bool is_compressed;
  std::string_view
      head; ///< The payload's first frame_reader::max_head_bytes; valid during the call only.
};

enum class frame_error : std::uint8_t {
  none,
  reserved_bits,
  reserved_opcode,
  masked,
  bad_control,
  bad_length
};

/// What a server did wrong, as the end of a sentence.
std::string_view to_string(frame_error error);

class frame_reader {
public:
  /// Enough for every control frame.
  static constexpr std::size_t max_head_bytes = 125;

  bool allows_compressed = false; ///< permessage-deflate was agreed on.

  /// Calls sink(const frame&) for every frame that `in` completes, in order.
  /// @returns what made the stream unreadable; the reader must not be fed after that.
  template <class Sink>
  frame_error feed(std::string_view in, Sink&& sink) {
    while (!in.empty()) {
      if (stored_bytes_ == 0) {
        const auto header = read_header(in);
        if (header.error != frame_error::none)
          return header.error;
        if (header.is_complete && in.size() - header.bytes >= header.payload_bytes) {
          const auto size = static_cast<std::size_t>(header.payload_bytes);
          sink(frame{header.type, header.payload_bytes, header.is_compressed,
                     in.substr(header.bytes, size < max_head_bytes ? size : max_head_bytes)});
          in.remove_prefix(header.bytes + size);
          continue;
        }
      }
      if (const auto error = store(in); error != frame_error::none)
        return error;
      if (is_whole_) {
        sink(frame{stored_.type, stored_.payload_bytes, stored_.is_compressed,
                   std::string_view{bytes_.data() + stored_.bytes, stored_bytes_ - stored_.bytes}});
        stored_bytes_ = 0;
        is_whole_ = false;
      }
    }
    return frame_error::none;
  }

private:
  static constexpr std::size_t max_header_bytes = 10;

  struct frame_header {
    frame_error error = frame_error::none;
    bool is_complete = false;
    opcode type = opcode::continuation;
    bool is_compressed = false; ///< RFC 7692: RSV1 of a message's first frame.
    std::size_t bytes = 0; ///< Of the header itself.
    std::uint64_t payload_bytes = 0;
  };

  [[nodiscard]] frame_header read_header(std::string_view in) const;

  /// Moves the beginning of a cut frame from `in` into bytes_ and steps over the rest of its
  /// payload.
  frame_error store(std::string_view& in);

  frame_header stored_;
  std::uint64_t to_skip_ = 0; ///< Payload behind the head that has not arrived yet.
  std::size_t stored_bytes_ = 0;
  bool is_whole_ = false;
  std::array<char, max_header_bytes + max_head_bytes> bytes_;
};

/// Appends a masked frame, as a client must send it.
void append_client_frame(std::string& out, opcode type, std::string_view payload,
                         std::uint32_t mask);

inline frame_reader::frame_header frame_reader::read_header(std::string_view in) const {
  frame_header result;
  if (in.size() < 2)
    return result;
  const auto byte = [in](std::size_t i) { return static_cast<std::uint8_t>(in[i]); };
  const bool is_control = (byte(0) & 0x08) != 0;
  constexpr std::uint8_t reserved = 0x70, compressed = 0x40;
  const auto allowed = allows_compressed && !is_control ? compressed : std::uint8_t{0};
  if ((byte(0) & reserved & ~allowed) != 0)
    result.error = frame_error::reserved_bits;
  else if ((byte(0) & 0x07) > 2)
    result.error = frame_error::reserved_opcode;
  else if ((byte(1) & 0x80) != 0)
    result.error = frame_error::masked;
  else if (is_control && ((byte(0) & 0x80) == 0 || byte(1) > 125))
    result.error = frame_error::bad_control;
  if (result.error != frame_error::none)
    return result;

  result.type = static_cast<opcode>(byte(0) & 0x0f);
  result.is_compressed = (byte(0) & compressed) != 0;
  result.payload_bytes = byte(1);
  const std::size_t extra = byte(1) < 126 ? 0 : byte(1) == 126 ? 2 : 8;
  result.bytes = 2 + extra;
  if (in.size() < result.bytes)
    return result;
  if (extra != 0) {
    result.payload_bytes = 0;
    for (std::size_t i = 2; i < result.bytes; ++i)
      result.payload_bytes = result.payload_bytes << 8 | byte(i);
    if ((result.payload_bytes >> 63) != 0)
      result.error = frame_error::bad_length;
  }
  result.is_complete = true;
  return result;
}

} // namespace troupe::app::bench
