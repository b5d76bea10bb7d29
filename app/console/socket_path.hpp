// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Where the console's Unix socket is. Server and client agree on it by the port: several servers of one
// user have one socket each.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::app::console {

inline constexpr std::size_t max_socket_path_bytes = 107; // sockaddr_un, with its end

/// The socket of a server that listens on `port`, if console.path is "automatic":
/// $XDG_RUNTIME_DIR/troupe-PORT.sock; without one, as a service, $RUNTIME_DIRECTORY/PORT.sock; for root otherwise
/// /run/troupe-PORT.sock; for others /tmp/troupe-UID/PORT.sock, in a folder that only they can enter.
[[nodiscard]] std::string automatic_socket_path(std::uint16_t port);

/// Makes the folder of an automatic path in /tmp, and checks that nobody else could have.
/// @throws std::runtime_error
void prepare_socket_folder(const std::string& path);

/// $RUNTIME_DIRECTORY of the packages' systemd unit.
inline constexpr const char* service_folder = "/run/troupe";

/// Automatic sockets of this user and of the service; if there are several, those that a server answers at now.
[[nodiscard]] std::vector<std::string> automatic_sockets(const std::string& of_service = service_folder);

} // namespace troupe::app::console
