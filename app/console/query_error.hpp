// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A command that cannot be done as it stands. The text is one line for whoever typed it: it names the
// word at fault and what would have been taken. Thrown while a command is read or looked up, caught
// where commands are taken in.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app::console {

class query_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// "no such WHAT 'WORD'; did you mean 'X'?" or "...; one of: A, B, C".
[[nodiscard]] query_error no_such(std::string_view what, std::string_view word,
                                  const std::vector<std::string>& choices);

} // namespace troupe::app::console
