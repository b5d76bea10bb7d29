// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// FRAME SCANNER: looks at the headers of the frames a client sends before Beast does, and enforces what
// Beast does not: a limit on claimed lengths (Beast 1.81 allocates by the claim when compression is on),
// on the number of fragments, and on close codes. It never looks at payloads but those of close frames.
// Thread: its connection's loop. Memory: fixed.
#pragma once
#include <troupe/close_reason.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::net {

class frame_scanner {
public:
  struct limits {
    std::size_t max_message_bytes; ///< On the wire, all fragments together.
    std::size_t max_fragments;
  };

  /// Takes the next bytes of the stream. @returns none, or what is wrong; then nothing more may come.
  close_reason scan(std::string_view bytes, const limits& allowed) noexcept;

  /// A message has begun and its last byte has not come yet.
  [[nodiscard]] bool in_message() const noexcept { return fragments_ != 0 || payload_left_ != 0 || have_ != 0; }
  /// Messages that have begun. Control frames count when they stand between messages, not inside one.
  [[nodiscard]] std::uint32_t messages() const noexcept { return messages_; }
  /// Messages of data whose last frame has come, or at least its header.
  [[nodiscard]] std::uint32_t finished() const noexcept { return finished_; }
  /// The last byte was that of a message of data.
  [[nodiscard]] bool ends_with_message() const noexcept { return !in_message() && finishes_; }

  /// A whole ping or pong, as RFC 6455 asks them to be.
  struct heartbeat {
    bool is_ping;
    std::array<char, 125> storage; ///< Use payload().
    std::uint8_t size;
    [[nodiscard]] std::string_view payload() const noexcept { return {storage.data(), size}; }
  };
  /// Whether this is nothing but whole messages of text or binary data, each in one frame and not compressed.
  [[nodiscard]] static bool are_messages(std::string_view bytes) noexcept;
  /// Whether this is nothing but heartbeats. Between two messages scan() need not see it then.
  [[nodiscard]] static bool are_heartbeats(std::string_view bytes) noexcept;
  /// Takes the first one off `bytes`. @returns nothing, and takes nothing, if they begin otherwise.
  [[nodiscard]] static std::optional<heartbeat> take_heartbeat(std::string_view& bytes) noexcept;

private:
  close_reason on_header(const limits& allowed) noexcept;
  [[nodiscard]] bool allowed_close_code() const noexcept;

  std::array<std::uint8_t, 14> header_{};
  std::uint8_t have_ = 0;  // bytes of header_
  std::uint8_t close_bytes_ = 0;
  std::array<std::uint8_t, 2> close_code_{};
  std::uint64_t payload_left_ = 0;
  std::uint64_t message_bytes_ = 0;
  std::size_t fragments_ = 0; // of the message that is open
  std::uint32_t messages_ = 0;
  std::uint32_t finished_ = 0;
  bool finishes_ = false; // the last frame ends a message of data
};

} // namespace troupe::net
