// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a JOURNAL is made of: records with a length and a checksum (CRC-32C), little-endian. Pure functions.
//
//   u32 length of the rest, u32 checksum of the rest, u8 kind, then by kind:
//   begin         u64 next sequence, u64 acknowledged
//   open          u8 length of the connection's ID, that ID, the text of its up
//   event         u64 sequence, u8 effect, u8 length of the connection's ID, that ID, text
//   acknowledged  u64 sequence
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::net::events {

/// What an event means for the connection it names.
enum class effect : std::uint8_t {
  none,
  opens, ///< From now on a down is owed for it.
  ends,
};

namespace internal {

inline constexpr std::size_t max_record_bytes = 1024 * 1024;

struct record {
  enum class kind : std::uint8_t { begin = 1, open, event, acknowledged };
  kind what = kind::event;
  std::uint64_t sequence = 0;     ///< Of begin: of the next event.
  std::uint64_t acknowledged = 0; ///< Of begin.
  effect on = effect::none;
  std::string_view connection;    ///< At most 255 bytes.
  std::string_view text;
};

void append(std::string& to, const record& what);

/// Takes the first record off `bytes`, into which it points. Nothing, and `bytes` as it was, if there is no
/// whole one whose checksum is right.
std::optional<record> take(std::string_view& bytes);

} // namespace internal
} // namespace troupe::net::events
