// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/client.hpp"

#include "app/console/socket_path.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <array>
#include <stdexcept>
#include <utility>

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
    : address_{path.empty() ? only_socket() : std::move(path)}, link_{link_to(address_)} {}

client::client(const remote_console& server)
    : address_{fmt::format("{}:{}", server.host, server.port)}, link_{link_to(server)} {
  link_->send(nlohmann::json{{"token", server.token}}.dump() + '\n');
}

answer client::run(const std::string& command, const std::function<bool(const answer&)>& see) {
  const auto id = ++last_id_;
  stopping_.store(false, std::memory_order_relaxed);
  link_->send(encode(request{id, command}));
  while (true) {
    std::uint64_t of = 0;
    auto what = decode_answer(receive(), of);
    if (of != id && of != 0) // 0: refused before it was read
      throw std::runtime_error{"the server answered what was not asked"};
    if (!what.goes_on)
      return what;
    if (see && !see(what))
      stop();
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
    if (stopping_.exchange(false, std::memory_order_relaxed))
      link_->send("\n");
    input_.append(piece.data(), link_->receive(piece.data(), piece.size()));
  }
}

} // namespace troupe::app::console
