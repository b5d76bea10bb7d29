// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/wildcard.hpp>

namespace troupe::centrifuge {

std::optional<std::string_view> levels::next() {
  if (done_) return std::nullopt;
  const auto end = rest_.find('.');
  const auto level = rest_.substr(0, end);
  done_ = end == rest_.npos;
  if (!done_) rest_.remove_prefix(end + 1);
  return level;
}

bool is_pattern(std::string_view name) {
  levels parts(name);
  while (const auto level = parts.next())
    if (*level == "*" || *level == ">") return true;
  return false;
}

bool is_valid_pattern(std::string_view pattern) {
  levels parts(pattern);
  std::size_t count = 0;
  bool ended = false;
  while (const auto level = parts.next()) {
    if (ended || level->empty() || ++count > max_pattern_levels) return false;
    ended = *level == ">";
  }
  return true;
}

} // namespace troupe::centrifuge
