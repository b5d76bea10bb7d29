// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/command.hpp"

#include <cstdio>

namespace troupe::app {

int print(std::string_view text) {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return is_written && std::fflush(stdout) == 0 ? exit_code::ok : exit_code::failed;
}

} // namespace troupe::app
