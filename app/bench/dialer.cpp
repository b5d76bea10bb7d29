// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/dialer.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace troupe::app::bench {

dialer::dialer(const url& target, std::size_t sources)
    : sources_{sources}, name_{target.authority()} {
  if (target.is_secure)
    tls_.emplace(target.host);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &found);
  if (error != 0)
    throw std::runtime_error{
        fmt::format("cannot find the address of '{}': {}", target.host, ::gai_strerror(error))};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{found, ::freeaddrinfo};
  std::memcpy(&address_, found->ai_addr, found->ai_addrlen);
  address_bytes_ = found->ai_addrlen;

  if (sources_ > 1) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address_);
    const bool is_loopback =
        address_.ss_family == AF_INET && ntohl(ipv4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    if (!is_loopback)
      throw std::runtime_error{
          fmt::format("more than one source address needs a server on 127.0.0.0/8, not {}", name_)};
  }
}

int dialer::dial(std::size_t index) const {
  const int socket = ::socket(address_.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0)
    throw std::runtime_error{fmt::format("cannot open a socket: {}", std::strerror(errno))};
  try {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (sources_ > 1)
      bind_source(socket, index);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address_), address_bytes_) != 0 &&
        errno != EINPROGRESS)
      throw std::runtime_error{
          fmt::format("cannot connect to {}: {}", name_, std::strerror(errno))};
  } catch (...) {
    ::close(socket);
    throw;
  }
  return socket;
}

void dialer::bind_source(int socket, std::size_t index) const {
  // Lets connect() choose a port that is free for this server, not one that is free for all.
  const int on = 1;
  ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr =
      htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(index % sources_));
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0)
    throw std::runtime_error{fmt::format("cannot use {} as source address: {}",
                                         ::inet_ntoa(source.sin_addr), std::strerror(errno))};
}

} // namespace troupe::app::bench
