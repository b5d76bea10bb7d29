// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Help, from the table of commands.
#pragma once
#include "app/console/answer.hpp"

#include <string_view>

namespace troupe::app::console {

/// All commands, or one of them in full. @throws query_error if there is no such command.
[[nodiscard]] answer help(std::string_view command);

} // namespace troupe::app::console
