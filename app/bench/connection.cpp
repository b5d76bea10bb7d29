// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cstring>
#include <ctime>

namespace troupe::app::bench {

namespace {

/// ns since the moment that the kernel has written beside the bytes, by the clock it takes for that.
std::uint64_t age_of(msghdr& message) {
  for (auto* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS)
      continue;
    timespec came, now;
    std::memcpy(&came, CMSG_DATA(part), sizeof came);
    ::clock_gettime(CLOCK_REALTIME, &now);
    const auto age = (now.tv_sec - came.tv_sec) * 1'000'000'000 + (now.tv_nsec - came.tv_nsec);
    return age > 0 ? static_cast<std::uint64_t>(age) : 0;
  }
  return 0;
}

} // namespace

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
  notes_arrivals_ = false;
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

void connection::note_arrivals() {
  const int on = 1;
  notes_arrivals_ = ::setsockopt(socket_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0;
}

connection::received connection::receive(std::span<char> into) {
  if (tls_)
    return {.bytes = tls_->receive(into)};
  if (!notes_arrivals_)
    return {.bytes = ::recv(socket_, into.data(), into.size(), 0)};
  iovec place{.iov_base = into.data(), .iov_len = into.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> beside;
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = beside.data();
  message.msg_controllen = beside.size();
  const auto bytes = ::recvmsg(socket_, &message, 0);
  return {.bytes = bytes, .age = bytes > 0 ? age_of(message) : 0};
}

} // namespace troupe::app::bench
