// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/stderr_log.hpp>

#include <algorithm>
#include <cstdio>
#include <string>

namespace troupe::net {

void stderr_log::write(severity level, std::string_view name,
                       std::initializer_list<log_field> fields) {
  constexpr std::size_t max_value_bytes = 256;
  if (level < severity::info) return;
  std::string line = level == severity::info ? "info " : level == severity::warning ? "warning " : "error ";
  line += name;
  for (const auto& [key, value] : fields) {
    line.append(" ").append(key).append("=").append(value, 0, max_value_bytes);
  }
  std::replace_if(line.begin(), line.end(), [](char c) { return c < ' ' || c == 0x7f; }, '?');
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr); // in one piece: lines of threads do not mix
}

} // namespace troupe::net
