// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/connect.hpp"
#include "app/console/socket_path.hpp"
#include "console_world.hpp"
#include "raw_session.hpp"

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>

using namespace troupe::app::console;
using namespace troupe::app::console::tests;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat found{};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  CHECK(S_ISSOCK(found.st_mode));
  return found.st_mode & 0777;
}

bool exists(const std::string& path) {
  struct stat found{};
  return ::lstat(path.c_str(), &found) == 0;
}

} // namespace

TEST_CASE("console sockets: only the owner can enter, and nothing is left behind",
          "[app][console]") {
  scratch_folder folder;
  const auto path = folder.file("operators");
  const auto second = folder.file("everyone");
  {
    console_world world{{.path = path, .read_only_path = second}};
    CHECK(world.sockets->path() == path);
    CHECK(mode_of(path) == 0600);
    CHECK(mode_of(second) == 0660);
  }
  CHECK_FALSE(exists(path));
  CHECK_FALSE(exists(second));
}

TEST_CASE("console sockets: a session of the read-only socket can look and not act",
          "[app][console]") {
  scratch_folder folder;
  const auto path = folder.file("everyone");
  console_world world{{.read_only_path = path}};
  client at{path};
  CHECK(at.run("loops").error.empty());
  CHECK(at.run("kick everyone").error == "kick is for operators, and this session may only look");
  CHECK(world.logs("role=read-only"));
  CHECK(at.run("drain").error == "drain is for operators, and this session may only look");
  CHECK(world.drains == 0);
}

TEST_CASE("console sockets: what a killed server left is replaced", "[app][console]") {
  scratch_folder folder;
  const auto path = folder.file("console");
  {
    boost::asio::io_context io;
    boost::asio::local::stream_protocol::acceptor left{io, {path}};
  }
  REQUIRE(exists(path));
  console_world world{{.path = path}};
  CHECK(client{path}.run("loops").error.empty());
}

TEST_CASE("console sockets: a path that is in use is refused and left alone", "[app][console]") {
  scratch_folder folder;
  const auto path = folder.file("console");
  console_world world{{.path = path}};
  CHECK_THROWS_WITH(console_world({.path = path}),
                    fmt::format("console.path: {}: another server has it", path));
  CHECK(client{path}.run("loops").error.empty());
  const auto file = folder.file("file");
  std::ofstream{file} << "precious";
  CHECK_THROWS_WITH(console_world({.path = file}),
                    fmt::format("console.path: {}: exists and is no socket", file));
  CHECK(exists(file));
  CHECK_THROWS_WITH(console_world({.read_only_path = folder.file("no/where")}),
                    "console.read_only_path: " + folder.file("no/where") +
                        ": No such file or directory");
  CHECK_THROWS_AS(console_world({.path = folder.file(std::string(108, 'x'))}), std::runtime_error);
}

TEST_CASE("console sockets: off is off", "[app][console]") {
  console_world world{{.path = "off"}};
  CHECK(world.sockets->path().empty());
}

TEST_CASE("console sockets: sessions beyond the limit are told so", "[app][console]") {
  console_world world{{.max_sessions = 2}};
  client first{world.socket};
  CHECK(first.run("loops").error.empty());
  {
    client second{world.socket};
    CHECK(second.run("loops").error.empty());
    CHECK(client{world.socket}.run("loops").error ==
          "there are 2 sessions already (console.max_sessions)");
    CHECK(first.run("sessions").notes.at(0) == "2 opened, 1 refused, 0 cut for not reading");
  }
  CHECK(eventually([&] { return client{world.socket}.run("loops").error.empty(); }));
}

TEST_CASE("console sockets: lines that are no requests are answered, endless ones end the session",
          "[app][console]") {
  console_world world;
  raw_session odd{world.socket};
  odd.send("hello\n");
  CHECK(odd.read_line() ==
        R"x({"id":0,"error":"expected a line such as {\"id\":1,\"command\":\"help\"}"})x");
  odd.send("{\"id\":9,\"command\":\"nonsense\"}\n");
  CHECK(odd.read_line().starts_with(R"({"id":9,"error":"no such command 'nonsense')"));
  for (int i = 0; i < 3; ++i)
    odd.send(std::string(session::max_line_bytes / 2, 'x'));
  CHECK(odd.read_to_end().empty());
}

TEST_CASE("console sockets: requests that came at once are answered in order", "[app][console]") {
  console_world world;
  raw_session at{world.socket};
  std::string many;
  for (int i = 1; i <= 100; ++i)
    many += fmt::format("{{\"id\":{},\"command\":\"loops\"}}\n", i);
  at.send(many);
  for (int i = 1; i <= 100; ++i)
    CHECK(at.read_line().starts_with(fmt::format("{{\"id\":{},", i)));
}

TEST_CASE("console sockets: a client that stops reading is cut, and others do not notice",
          "[app][console]") {
  console_world world{{.write_timeout = 200ms}};
  raw_session stuck{world.socket};
  // More answers than the socket's buffers take.
  std::thread asking{[&] {
    for (int i = 0; i < 20'000; ++i)
      stuck.send("{\"id\":1,\"command\":\"help\"}\n");
  }};
  client other{world.socket};
  CHECK(eventually([&] {
    return other.run("sessions").notes.at(0).find(" 1 cut for not reading") != std::string::npos;
  }));
  asking.join();
  CHECK(world.logs("console_session_cut"));
}

TEST_CASE("console sockets: one that waits for an answer does not outlive the server",
          "[app][console]") {
  auto world = std::make_unique<console_world>();
  raw_session at{world->socket};
  at.send("{\"id\":1,\"command\":\"loops\"}\n{\"id\":2,\"command\":\"send everyone x\"}\n");
  (void)at.read_line();
  world.reset();
  (void)at.read_to_end();
}

TEST_CASE("console sockets: the automatic path is in the runtime folder and named by the port",
          "[app][console]") {
  scratch_folder folder;
  ::unsetenv("RUNTIME_DIRECTORY");
  const auto before = std::getenv("XDG_RUNTIME_DIR");
  const std::optional<std::string> kept = before ? std::optional<std::string>{before} : std::nullopt;
  ::setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
  CHECK(automatic_socket_path(8000) == folder.file("troupe-8000.sock"));
  CHECK(automatic_sockets().empty());
  {
    console_world world{{.path = automatic_socket_path(8000)}};
    { boost::asio::io_context io; boost::asio::local::stream_protocol::acceptor dead{io, {folder.file("troupe-1.sock")}}; }
    CHECK(automatic_sockets() == std::vector{automatic_socket_path(8000)});
    CHECK(client{""}.address() == automatic_socket_path(8000));
    console_world other{{.path = automatic_socket_path(8001)}};
    CHECK(automatic_sockets().size() == 2);
    CHECK_THROWS_AS(client{""}, std::runtime_error);
  }
  CHECK_THROWS_AS(client{""}, std::runtime_error);
  const scratch_folder service;
  ::unsetenv("XDG_RUNTIME_DIR");
  ::setenv("RUNTIME_DIRECTORY", (service.path().string() + ":/run/other").c_str(), 1);
  CHECK(automatic_socket_path(8000) == service.file("8000.sock"));
  {
    console_world world{{.path = automatic_socket_path(8000)}};
    CHECK(automatic_sockets(folder.path()) == std::vector{service.file("8000.sock")});
    ::unsetenv("RUNTIME_DIRECTORY");
    ::setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
    CHECK(automatic_sockets(service.path()) == std::vector{service.file("8000.sock")}); // by another user
  }
  if (kept)
    ::setenv("XDG_RUNTIME_DIR", kept->c_str(), 1);
  else
    ::unsetenv("XDG_RUNTIME_DIR");
}
