// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// GLOB: a pattern for whole names: `*` is any run of bytes, `?` one, `[abc]`, `[a-z]` and `[!a-z]` one
// of or none of a set, `{x,y}` one of several texts, `\` takes the next byte as it is. Braces do not
// nest. Work of a match: at most the lengths of pattern and name multiplied, for each alternative.
// Immutable: safe from any thread.
#pragma once
#include <bitset>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe {

class glob {
public:
  static constexpr std::size_t max_bytes = 1024;     ///< Of a pattern.
  static constexpr std::size_t max_alternatives = 64; ///< All its braces multiplied.

  /// Nothing if the pattern is malformed or too long.
  static std::optional<glob> parse(std::string_view pattern);

  [[nodiscard]] bool matches(std::string_view name) const;

private:
  // One byte of a name, or with `run` any number of bytes.
  struct token {
    bool run = false;
    std::bitset<256> bytes;
  };
  using tokens = std::vector<token>;

  static bool matches(const tokens& pattern, std::string_view name);

  std::vector<tokens> alternatives_;

  friend class glob_parser;
};

} // namespace troupe
