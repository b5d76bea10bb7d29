// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Random texts and random changes to them, the same for the same seed.
#pragma once
#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>

namespace troupe::centrifuge::test {

class random_edits {
public:
  explicit random_edits(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

  /// Characters of one to four bytes in UTF-8.
  std::u32string text(std::size_t length) {
    constexpr std::array<std::u32string_view, 4> alphabets{
        U"abcdefgh", U"\u0430\u0431\u0432\u0433", U"\u20ac\u4e2d\u6587", U"\U0001f600\U0001f601"};
    std::u32string result;
    while (result.size() < length) {
      const auto& alphabet = alphabets[below(alphabets.size())];
      for (auto run = below(12) + 1; run > 0; --run) result += alphabet[below(alphabet.size())];
    }
    return result;
  }

  /// Inserts, deletes, replaces or moves a few pieces.
  std::u32string edit(std::u32string from) {
    for (auto edits = below(6); edits > 0; --edits) {
      const auto at = below(from.size() + 1);
      const auto length = below(std::min<std::size_t>(from.size() - at, 60) + 1);
      switch (below(4)) {
      case 0: from.insert(at, text(below(40))); break;
      case 1: from.erase(at, length); break;
      case 2: from.replace(at, length, text(below(20))); break;
      default: {
        const auto moved = from.substr(at, length);
        from.erase(at, length);
        from.insert(below(from.size() + 1), moved);
      }
      }
    }
    return from;
  }

  std::string bytes(std::size_t length) {
    std::string result(length, '\0');
    for (auto& c : result) c = static_cast<char>(below(256));
    return result;
  }

private:
  std::mt19937 random_;
};

inline std::string to_utf8(std::u32string_view text) {
  std::string result;
  for (const char32_t c : text) {
    const auto tail = [&](int shift) { result += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
    if (c < 0x80) {
      result += static_cast<char>(c);
    } else if (c < 0x800) {
      result += static_cast<char>(0xc0 | (c >> 6));
      tail(0);
    } else if (c < 0x10000) {
      result += static_cast<char>(0xe0 | (c >> 12));
      tail(6);
      tail(0);
    } else {
      result += static_cast<char>(0xf0 | (c >> 18));
      tail(12);
      tail(6);
      tail(0);
    }
  }
  return result;
}

} // namespace troupe::centrifuge::test
