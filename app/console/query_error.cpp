// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/query_error.hpp"

#include "app/escape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::app::console {

query_error no_such(std::string_view what, std::string_view word,
                    const std::vector<std::string>& choices) {
  constexpr std::size_t longest_word = 64;
  return query_error{fmt::format("no such {} '{}'; one of: {}", what, escaped(word, longest_word),
                                 fmt::join(choices, ", "))};
}

} // namespace troupe::app::console
