// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/service_manager.hpp"

#include <cstddef>
#include <cstdlib>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe::app {

void tell_service_manager(const std::string& lines) {
  const char* const variable = std::getenv("NOTIFY_SOCKET");
  const std::string_view place = variable ? variable : "";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_abstract = place.starts_with('@');
  if ((!is_abstract && !place.starts_with('/')) || place.size() >= sizeof address.sun_path)
    return;
  place.copy(static_cast<char*>(address.sun_path), place.size());
  if (is_abstract)
    address.sun_path[0] = '\0';
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0)
    return;
  (void)::sendto(socket, lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + place.size()));
  ::close(socket);
}

} // namespace troupe::app
