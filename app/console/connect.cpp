// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/connect.hpp"

#include "app/console/socket_path.hpp"

#include <cerrno>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe::app::console {

int connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() > max_socket_path_bytes) {
    errno = ENAMETOOLONG;
    return -1;
  }
  path.copy(static_cast<char*>(address.sun_path), path.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return -1;
  const timeval patience{5, 0}; // with a server that does not accept
  (void)::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return descriptor;
  const int fault = errno;
  ::close(descriptor);
  errno = fault;
  return -1;
}

bool is_answered(const std::string& path) {
  const int descriptor = connect_to(path);
  if (descriptor < 0)
    return errno == EAGAIN; // it is there, but its backlog is full
  ::close(descriptor);
  return true;
}

} // namespace troupe::app::console
