// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// FRAME: the immutable bytes of one or more whole WebSocket messages as a server sends them (RFC 6455,
// section 5.2: unmasked, unfragmented). Encoded once, shared by everyone who has to send it.
// Thread: a handle belongs to one thread; the bytes may be read through handles on any number of threads.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace troupe {

/// WebSocket opcodes that occur in a server's frames (RFC 6455, section 11.8).
enum class opcode : std::uint8_t { text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xa };

class frame {
public:
  /// The empty handle: no bytes at all, not even those of an empty message.
  frame() noexcept = default;
  frame(const frame& other) noexcept : rep_(other.rep_) { retain(rep_); }
  frame(frame&& other) noexcept : rep_(std::exchange(other.rep_, nullptr)) {}
  frame& operator=(frame other) noexcept {
    std::swap(rep_, other.rep_);
    return *this;
  }
  ~frame() { release(rep_); }

  /// Encodes one message; copies `payload`. A control opcode takes at most 125 bytes.
  static frame encode(opcode type, std::string_view payload);
  /// As encode() for a payload that was deflated (RFC 7692): sets RSV1.
  static frame encode_deflated(opcode type, std::string_view deflated_payload);
  /// Bytes that are whole frames already, such as those written by a WebSocket library.
  static frame raw(std::string_view bytes);
  /// The frames in one piece and in this order. Keeps them, so that each can still be had by itself.
  static frame join(std::span<const frame> frames);

  /// Whether there are bytes.
  explicit operator bool() const noexcept { return rep_ != nullptr; }

  /// All bytes to put on the wire.
  [[nodiscard]] std::string_view bytes() const noexcept;
  /// What encode() was given; for raw() and join() the bytes.
  [[nodiscard]] std::string_view payload() const noexcept;
  /// The opcode encode() was given; binary for raw() and join().
  [[nodiscard]] opcode type() const noexcept;
  /// Number of messages: 1, for join() the sum of its parts'.
  [[nodiscard]] std::uint32_t count() const noexcept;
  /// What join() was given; empty for others.
  [[nodiscard]] std::span<const frame> parts() const noexcept;

  friend bool operator==(const frame& a, const frame& b) noexcept {
    return a.rep_ == b.rep_ || (a && b && a.bytes() == b.bytes());
  }

private:
  struct rep;
  explicit frame(rep* owned) noexcept : rep_(owned) {}
  static frame encode_with_first_byte(std::uint8_t first, std::string_view payload);
  static rep* allocate(std::size_t header_bytes, std::size_t payload_bytes);
  static void retain(rep* r) noexcept;
  static void release(rep* r) noexcept;

  rep* rep_ = nullptr;
};

} // namespace troupe
