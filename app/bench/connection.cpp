// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cassert>

namespace troupe::app::bench {

void connection::start(int socket, std::uint64_t now) {
  assert(state == connection_state::closed);
  socket_ = socket;
  state = connection_state::connecting;
  started = now;
}

void connection::close() {
  if (socket_ < 0)
    return;
  tls_.reset();
  ::close(socket_);
  socket_ = -1;
  state = connection_state::closed;
  is_waiting_to_write = false;
  response.clear();
  unsent_.clear();
  reader = {};
}

void connection::reset() {
  if (socket_ < 0)
    return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void connection::send(std::string_view bytes) {
  if (unsent_.empty()) {
    const auto sent = write(bytes);
    if (sent > 0)
      bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  unsent_.append(bytes);
}

void connection::flush() {
  const auto sent = write(unsent_);
  if (sent > 0)
    unsent_.erase(0, static_cast<std::size_t>(sent));
}

ssize_t connection::write(std::string_view bytes) {
  if (bytes.empty())
    return 0;
  return tls_ ? tls_->send(bytes) : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t connection::receive(std::span<char> into) {
  return tls_ ? tls_->receive(into) : ::recv(socket_, into.data(), into.size(), 0);
}

} // namespace troupe::app::bench
