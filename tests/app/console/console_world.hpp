// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CONSOLE WORLD: a whole server on loopback with a console, and its log to read.
#pragma once
#include "app/console/client.hpp"
#include "app/console/console.hpp"
#include "app/console/web_commands.hpp"
#include "app/log.hpp"
#include "net/support/tcp_line.hpp"
#include "net/support/wire_client.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <troupe/net/server.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include <sys/mman.h>
#include <unistd.h>

namespace troupe::app::console::tests {

using namespace std::chrono_literals;
using troupe::tests::free_port;
using troupe::tests::scratch_folder;

/// Waits for a condition, with patience for a busy machine.
inline bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

struct memory_file {
  memory_file() = default;
  ~memory_file() { ::close(descriptor); }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;

  int descriptor = ::memfd_create("log", MFD_CLOEXEC);
};

class console_world {
public:
  explicit console_world(console_options options = {}, centrifuge::channels_config channels = {},
                         net::tls_options certificate = {}) {
    std::signal(SIGPIPE, SIG_IGN);
    if (options.path == "automatic")
      options.path = folder.file("console");
    socket = options.path;
    net::server_options of_server;
    of_server.listen = {.address = "127.0.0.1", .port = 0, .loops = 2};
    of_server.channels = std::move(channels);
    of_server.admin.port = free_port();
    of_server.websocket.echo_route = "/echo"; // an actor that is kept
    commands.emplace(options);
    server.emplace(system, of_server, log, std::vector<net::page>{}, hooks::extensions{},
                   std::vector{commands->service()});
    sockets.emplace(system, options, *server, log, program_orders{[this] { ++drains; }, [this](auto tell) {
                      tell(fmt::format("reload {}", ++reloads), true);
                    }},
                    std::move(certificate));
    commands->open(sockets->address());
  }

  ~console_world() {
    sockets.reset();
    server.reset();
    commands.reset();
  }

  /// What the log holds so far.
  [[nodiscard]] std::string logged() const {
    std::string text;
    std::array<char, 4096> piece;
    off_t at = 0;
    for (ssize_t got; (got = ::pread(written.descriptor, piece.data(), piece.size(), at)) > 0; at += got)
      text.append(piece.data(), static_cast<std::size_t>(got));
    return text;
  }
  [[nodiscard]] bool logs(const std::string& what) const {
    return eventually([&] { return logged().find(what) != std::string::npos; });
  }

  scratch_folder folder;
  std::string socket;
  memory_file written; // open for as long as the log's thread writes
  std::atomic<int> drains{0};
  std::atomic<int> reloads{0};
  caf::actor_system_config config;
  caf::actor_system system{config};
  text_log log{{}, written.descriptor};
  std::optional<web_commands> commands;
  std::optional<net::server> server;
  std::optional<class console> sockets;
};

/// A client of /ws whose connection is known.
inline troupe::tests::wire_client connect(const console_world& world) {
  troupe::tests::wire_client c{world.server->port()};
  c.say("known?");
  CHECK(c.text() == "known?");
  return c;
}

} // namespace troupe::app::console::tests
