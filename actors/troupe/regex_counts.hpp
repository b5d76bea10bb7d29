// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What libstdc++'s regular expressions do not check by themselves.
#pragma once
#include <cstddef>
#include <regex>
#include <string_view>

namespace troupe {

/// Call before an expression is compiled: libstdc++ 12 adds up the digits of repetitions and of references back
/// until they overflow. @throws std::regex_error at one of more than four digits.
inline void require_small_counts(std::string_view expression) {
  constexpr std::size_t most = 4;
  const auto digits_at = [&](std::size_t at) {
    std::size_t n = 0;
    while (at + n < expression.size() && expression[at + n] >= '0' && expression[at + n] <= '9') ++n;
    return n;
  };
  for (std::size_t at = 0; at < expression.size(); ++at) {
    if (expression[at] == '\\') {
      if (digits_at(at + 1) > most) throw std::regex_error{std::regex_constants::error_backref};
      ++at; // what is escaped opens nothing
    } else if (expression[at] == '{') {
      const auto least = digits_at(at + 1);
      const auto comma = at + 1 + least;
      const bool has_second = comma < expression.size() && expression[comma] == ',';
      if (least > most || (has_second && digits_at(comma + 1) > most))
        throw std::regex_error{std::regex_constants::error_badbrace};
    }
  }
}

} // namespace troupe
