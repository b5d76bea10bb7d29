// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "child_server.hpp"

#include "bench/handshake.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::test {

namespace {

int listen_on_loopback(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 64) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error{"cannot listen on loopback"};
  port = ntohs(address.sin_port);
  return listener;
}

template <class Serve>
std::pair<pid_t, std::uint16_t> fork_server(Serve serve) {
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(port);
  const pid_t process = ::fork();
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve(listener);
    ::_exit(0);
  }
  ::close(listener);
  return {process, port};
}

void send_all(int socket, std::string_view bytes) {
  [[maybe_unused]] const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

std::string read_until(int socket, std::string_view mark) {
  std::string text;
  char c = 0;
  while (!text.ends_with(mark) && ::recv(socket, &c, 1, 0) == 1)
    text.push_back(c);
  return text;
}

int accept_websocket(int listener) {
  const int socket = ::accept(listener, nullptr, nullptr);
  const auto request = read_until(socket, "\r\n\r\n");
  const std::string name = "Sec-WebSocket-Key: ";
  const auto at = request.find(name) + name.size();
  const auto key = request.substr(at, request.find("\r\n", at) - at);
  send_all(socket,
           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
               app::bench::accept_value(key) + "\r\n\r\n");
  return socket;
}

/// The next message of a client, as a server frame; empty at the end. Payloads are below 126 bytes.
std::string next_message(int socket) {
  std::array<unsigned char, 6> header{};
  if (::recv(socket, header.data(), header.size(), MSG_WAITALL) != 6 || (header[0] & 0x0f) != 1)
    return {};
  std::string payload(header[1] & 0x7fu, '\0');
  if (::recv(socket, payload.data(), payload.size(), MSG_WAITALL) !=
      static_cast<ssize_t>(payload.size()))
    return {};
  for (std::size_t i = 0; i < payload.size(); ++i)
    payload[i] = static_cast<char>(payload[i] ^ header[2 + i % 4]);
  return std::string{'\x81', static_cast<char>(payload.size())} + payload;
}

void serve_with_faults(int listener, std::size_t connections) {
  std::vector<int> sockets;
  while (sockets.size() < connections)
    sockets.push_back(accept_websocket(listener));

  const int victim = sockets.back();
  std::string held;
  int number = 0;
  // The first connection of the generator sends, and it is the first accepted.
  for (auto frame = next_message(sockets.front()); !frame.empty();
       frame = next_message(sockets.front())) {
    for (const int socket : sockets)
      if (socket != victim)
        send_all(socket, frame);
    switch (number++) {
    case 3:
      break;
    case 5:
      send_all(victim, frame + frame);
      break;
    case 7:
      held = frame;
      break;
    default:
      send_all(victim, frame + std::exchange(held, {}));
    }
  }
}

} // namespace

child_server::child_server(const char* program) {
  std::array<int, 2> output{};
  if (::pipe2(output.data(), O_CLOEXEC) != 0)
    throw std::runtime_error{"cannot make a pipe"};
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(output[1], STDOUT_FILENO);
    ::execl(program, program, nullptr);
    ::_exit(127);
  }
  ::close(output[1]);
  std::string line;
  for (char c = 0; c != '\n' && ::read(output[0], &c, 1) == 1;)
    line.push_back(c);
  ::close(output[0]);
  unsigned port = 0;
  if (std::sscanf(line.c_str(), "listening on %u", &port) != 1)
    throw std::runtime_error{std::string{program} + " does not say where it listens"};
  port_ = static_cast<std::uint16_t>(port);
}

child_server child_server::faulty(std::size_t connections) {
  const auto [process, port] =
      fork_server([connections](int listener) { serve_with_faults(listener, connections); });
  return {process, port};
}

child_server child_server::refusing() {
  const auto [process, port] = fork_server([](int listener) {
    for (;;) {
      const int socket = ::accept(listener, nullptr, nullptr);
      read_until(socket, "\r\n\r\n");
      send_all(socket, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
      ::close(socket);
    }
  });
  return {process, port};
}

child_server::~child_server() {
  if (process_ == 0)
    return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

child_server::child_server(child_server&& other) noexcept
    : process_{std::exchange(other.process_, 0)}, port_{other.port_} {}

} // namespace troupe::test
