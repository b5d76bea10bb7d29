// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A connection from its first byte to its end: HTTP, streams, the upgrade, WebSocket frames, deflate, an actor that
// echoes. The lowest bit of the first byte puts an upgrade before the rest, the next one offers compression, the upper
// four say in how many pieces it comes. Whatever comes, the server answers HTTP and then whole frames of its own kind, and
// once the peer has ended its side it ends the other.
#include "expect.hpp"

#include <troupe/net/internal/http_session.hpp>

#include <caf/actor_system_config.hpp>

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace {

using namespace troupe;
using namespace std::chrono_literals;

constexpr int patience_ms = 10'000; // for what takes microseconds

struct echo_state {
  std::shared_ptr<transport> out;
};

connection_actor::behavior_type echo(hosted_pointer<connection_actor, echo_state> self, std::shared_ptr<transport> out) {
  auto& kept = self->state.out;
  kept = std::move(out);
  kept->start(self, nullptr);
  return {
    [](const deliver&) {},
    [](const confirm_deliver&) { return outcome{}; },
    [self](const received& m) {
      self->state.out->send(caf::make_counted<const delivery>(target::everyone(), m.message, connection_handle{},
                                                              overflow::disconnect, std::string{}));
      self->state.out->grant(m.cost);
    },
    [](const pong_received&) {},
    [self](const transport_closed&) { self->quit(); },
    [](const credit&) {},
    [self](const close_connection& m) { self->state.out->close(m.status); },
    [](const describe&) { return connection_details{}; },
    [](const limit_queue&) { return connection_details{}; },
    [](const deadline_passed&) {},
  };
}

/// A server without a listener. Lives for ever, as its thread does.
class edge {
public:
  edge() {
    context_.routes.add_websocket(context_.options.websocket);
    context_.routes.add_streams({.http_stream = true, .sse = true}, [](const net::request_view& request) {
      const auto said = net::emulation::read_json(request.body);
      return net::decision{.status = said ? 204U : 400U};
    });
    context_.open = [](net::io_loop& loop, std::shared_ptr<transport> out, const net::opening&) {
      spawn_on(loop, echo, std::move(out));
    };
    std::thread{[this] { loop_.run(); }}.detach();
  }

  /// @returns the peer's end of a new connection.
  int connect() {
    std::array<int, 2> ends{};
    fuzz::expect(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    loop_.post([this, mine = ends[0]] {
      net::tcp_socket socket{loop_.executor()};
      socket.assign(net::asio::ip::tcp::v4(), mine);
      net::serve_plain(context_, loop_, std::move(socket), net::ticket{gate_, {}}, net::admission::verdict::admitted);
    });
    return ends[1];
  }

private:
  static net::server_options configured() {
    net::server_options options;
    options.websocket.compression = true;
    options.limit.handshake_timeout = 1h; // who ends is the peer
    return options;
  }

  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  net::server_options options_ = configured();
  net::session_context context_{options_, event_log::none(), {}, {}};
  net::io_loop loop_{system_, 0, net::send_method::automatic, event_log::none()};
  std::shared_ptr<net::admission> gate_ = std::make_shared<net::admission>(loop_, options_.limit);
};

std::string upgrade(bool offers_compression) {
  std::string request = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (offers_compression) request += "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  return request + "\r\n";
}

/// Until the server has taken all that was written.
void await_taken(int peer) {
  for (int left = 1, tries = 0; left != 0 && tries < 1000; ++tries) {
    if (::ioctl(peer, SIOCOUTQ, &left) != 0) return;
    std::this_thread::yield();
  }
}

void write(int peer, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return; // the server has ended it
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// What the server says until it ends its side, which it has to.
std::string read_all(int peer) {
  std::string all;
  std::array<char, 65536> some;
  for (;;) {
    pollfd ready{.fd = peer, .events = POLLIN, .revents = 0};
    fuzz::expect(::poll(&ready, 1, patience_ms) == 1);
    const auto n = ::recv(peer, some.data(), some.size(), 0);
    if (n <= 0) return all;
    all.append(some.data(), static_cast<std::size_t>(n));
  }
}

/// Frames as a server sends them, the last one perhaps cut off; none after a close frame.
void check_frames(std::string_view bytes, bool may_deflate) {
  bool closed = false;
  while (bytes.size() >= 2) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    const auto type = at(0) & 0x0f;
    const bool control = type >= 8;
    fuzz::expect(!closed);
    fuzz::expect((at(0) & 0x80) != 0 && (at(0) & 0x30) == 0);
    fuzz::expect((at(0) & 0x40) == 0 || (may_deflate && !control));
    fuzz::expect(type == 1 || type == 2 || (type >= 8 && type <= 10));
    std::uint64_t size = at(1);
    fuzz::expect(size < 128 && (!control || size < 126));
    const std::size_t wide = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (bytes.size() < 2 + wide) return;
    if (wide != 0) size = 0;
    for (std::size_t i = 0; i < wide; ++i) size = size << 8 | at(2 + i);
    fuzz::expect(wide == 0 || size >= (wide == 2 ? 126U : 65536U));
    bytes.remove_prefix(std::min<std::uint64_t>(2 + wide + size, bytes.size()));
    closed = type == 8;
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static auto& server = *new edge;
  const bool upgraded = (data[0] & 1) != 0;
  const bool offers_compression = (data[0] & 2) != 0;
  std::size_t pieces = 1 + (data[0] >> 4);
  std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};

  const int peer = server.connect();
  std::string answer;
  if (upgraded) {
    write(peer, upgrade(offers_compression));
    await_taken(peer); // what comes too early is refused
    pollfd ready{.fd = peer, .events = POLLIN, .revents = 0};
    fuzz::expect(::poll(&ready, 1, patience_ms) == 1);
  }
  for (; pieces != 0 && !rest.empty(); --pieces) {
    const auto piece = rest.substr(0, (rest.size() + pieces - 1) / pieces);
    write(peer, piece);
    rest.remove_prefix(piece.size());
    if (pieces > 1) await_taken(peer);
  }
  ::shutdown(peer, SHUT_WR);
  answer = read_all(peer);
  ::close(peer);

  const std::string_view said = answer;
  fuzz::expect(said.empty() || said.starts_with("HTTP/1."));
  fuzz::expect(!upgraded || said.starts_with("HTTP/1.1 101 "));
  if (const auto switched = said.find("HTTP/1.1 101 "); switched != said.npos)
    if (const auto end = said.find("\r\n\r\n", switched); end != said.npos)
      check_frames(said.substr(end + 4), said.substr(switched, end - switched).find("permessage-deflate") != said.npos);
  return 0;
}
