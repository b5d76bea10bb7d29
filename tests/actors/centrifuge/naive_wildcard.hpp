// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Matches one pattern with one channel, as slowly and plainly as the rules are stated.
#pragma once
#include <troupe/centrifuge/wildcard.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace troupe::centrifuge::test {

inline std::vector<std::string> split(std::string_view name) {
  std::vector<std::string> result(1);
  for (const char c : name) {
    if (c == '.')
      result.emplace_back();
    else
      result.back() += c;
  }
  return result;
}

inline bool naive_match(std::string_view pattern, std::string_view channel) {
  const auto wanted = split(pattern);
  const auto given = split(channel);
  const bool open_ended = wanted.back() == ">";
  if (open_ended ? given.size() < wanted.size() : given.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size() - (open_ended ? 1 : 0); ++i)
    if (wanted[i] != "*" && wanted[i] != given[i]) return false;
  return true;
}

} // namespace troupe::centrifuge::test
