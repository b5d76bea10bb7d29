// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace troupe::app::bench {

/// The beginning of every payload the generator sends. Printable ASCII (six bits per character) and
/// nothing that JSON escapes, so that a text frame carries it through any server unchanged.
struct stamp {
  static constexpr std::size_t size = 24; ///< Bytes of the written form.
  static constexpr std::uint32_t max_run = (1u << 18) - 1;

  std::uint32_t run = 0;      ///< Tells the messages of this run from others'; 18 bits.
  std::uint32_t sender = 0;   ///< Index of the sending connection; 18 bits.
  std::uint64_t sequence = 0; ///< Counts up from 0 per sender; 36 bits.
  std::uint64_t time = 0;     ///< Intended send time, ns since the run began; 48 bits.

  void write(std::span<char, size> out) const {
    auto at = out.data();
    for (const char c : magic)
      *at++ = c;
    const auto put = [&at](std::uint64_t value, unsigned characters) {
      for (unsigned i = characters; i > 0; --i)
        *at++ = to_character(value >> 6 * (i - 1) & 63);
    };
    put(run, 3);
    put(sender, 3);
    put(sequence, 6);
    put(time, 8);
  }

  /// @returns nothing if `payload` does not begin with a stamp.
  static std::optional<stamp> read(std::string_view payload) {
    if (payload.size() < size || !payload.starts_with(magic))
      return std::nullopt;
    auto at = payload.data() + magic.size();
    unsigned invalid = 0;
    const auto take = [&at, &invalid](unsigned characters) {
      std::uint64_t value = 0;
      for (unsigned i = 0; i < characters; ++i) {
        const char c = *at++;
        const auto digit = static_cast<unsigned>(static_cast<unsigned char>(c == '~' ? '\\' : c)) - '0';
        invalid |= digit;
        value = value << 6 | (digit & 63);
      }
      return value;
    };
    stamp result;
    result.run = static_cast<std::uint32_t>(take(3));
    result.sender = static_cast<std::uint32_t>(take(3));
    result.sequence = take(6);
    result.time = take(8);
    if ((invalid & ~63u) != 0)
      return std::nullopt;
    return result;
  }

private:
  static constexpr std::string_view magic = "TRPB";

  static char to_character(std::uint64_t digit) {
    const auto c = static_cast<char>('0' + digit);
    return c == '\\' ? '~' : c;
  }
};

} // namespace troupe::app::bench
