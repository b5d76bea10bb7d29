// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/client.hpp"

#include "app/console/connect.hpp"
#include "app/console/socket_path.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace troupe::app::console {

namespace {

std::string only_socket() {
  auto found = automatic_sockets();
  if (found.size() == 1)
    return std::move(found.front());
  if (found.empty())
    throw std::runtime_error{"no server of this user answers; --socket names the socket of another "
                             "(the event listening tells it)"};
  throw std::runtime_error{
      fmt::format("several servers answer; choose one with --socket: {}", fmt::join(found, ", "))};
}

} // namespace

client::client(std::string path)
    : path_{path.empty() ? only_socket() : std::move(path)}, descriptor_{connect_to(path_)} {
  if (descriptor_ < 0)
    throw std::runtime_error{
        fmt::format("{}: {}", path_, std::generic_category().message(errno))};
}

client::~client() { ::close(descriptor_); }

answer client::run(const std::string& command) {
  const auto id = ++last_id_;
  send(encode(request{id, command}));
  std::uint64_t of = 0;
  auto what = decode_answer(receive(), of);
  if (of != id && of != 0) // 0: refused before it was read
    throw std::runtime_error{"the server answered what was not asked"};
  return what;
}

void client::send(std::string_view line) {
  while (!line.empty()) {
    const auto sent = ::send(descriptor_, line.data(), line.size(), MSG_NOSIGNAL);
    if (sent >= 0)
      line.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno == EPIPE || errno == ECONNRESET)
      return; // it may have said why
    else if (errno != EINTR)
      throw std::system_error{errno, std::generic_category(), path_};
  }
}

std::string client::receive() {
  std::array<char, 64 * 1024> piece;
  std::size_t searched = 0;
  while (true) {
    if (const auto end = input_.find('\n', searched); end != std::string::npos) {
      auto line = input_.substr(0, end);
      input_.erase(0, end + 1);
      return line;
    }
    searched = input_.size();
    const auto got = ::recv(descriptor_, piece.data(), piece.size(), 0);
    if (got > 0)
      input_.append(piece.data(), static_cast<std::size_t>(got));
    else if (got == 0 || errno == ECONNRESET)
      throw std::runtime_error{"the server has ended the session"};
    else if (errno != EINTR)
      throw std::system_error{errno, std::generic_category(), path_};
  }
}

} // namespace troupe::app::console
