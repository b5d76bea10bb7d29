// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Connects to a Unix socket.
#pragma once
#include <string>

namespace troupe::app::console {

/// @returns a blocking descriptor, or -1 with errno set.
[[nodiscard]] int connect_to(const std::string& path);

/// Whether a server is behind it.
[[nodiscard]] bool is_answered(const std::string& path);

} // namespace troupe::app::console
