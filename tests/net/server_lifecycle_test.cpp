// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How a server starts, or says why not, and how it ends.
#include <troupe/net/insight.hpp>

#include "net/support/certificate.hpp"
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;

/// What a server says that does not start; nothing if it does.
std::string refusal(const net::server_options& options) {
  try {
    running_server server{options};
    return {};
  } catch (const std::runtime_error& e) {
    return e.what();
  }
}

bool begins(const std::string& text, std::string_view with) {
  CAPTURE(text);
  CHECK(text.starts_with(with));
  return text.starts_with(with);
}

constexpr std::string_view get_health = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

} // namespace

TEST_CASE("server: a port in use is named with its option and its cause", "[net][lifecycle]") {
  running_server first;
  auto o = quiet();
  o.listen.port = first.port();
  CHECK(refusal(o) == "listen.port: cannot listen on 127.0.0.1 port " +
                          std::to_string(first.port()) + ": Address already in use");
  o = quiet();
  o.admin.port = first.port();
  begins(refusal(o), "admin.port: cannot listen on 127.0.0.1 port ");
  const certificate c;
  o = quiet();
  o.tls = {.certificate = c.chain(), .key = c.key(), .port = first.port()};
  begins(refusal(o), "tls.port: cannot listen on 127.0.0.1 port ");
}

TEST_CASE("server: an address that is none or not ours is named", "[net][lifecycle]") {
  auto o = quiet();
  for (const char* address : {"nonsense", "256.0.0.1", "192.0.2.1", ""}) {
    o.listen.address = address;
    begins(refusal(o), std::string{"listen.port: cannot listen on "} + address + " port 0: ");
  }
}

TEST_CASE("server: a certificate or key that does not serve is named with its file",
          "[net][lifecycle]") {
  const certificate c;
  const certificate other;
  const auto with = [](const std::string& chain, const std::string& key) {
    auto o = quiet();
    o.listen.loops = 2;
    o.tls = {.certificate = chain, .key = key};
    return refusal(o);
  };
  begins(with("/nonexistent.pem", c.key()), "tls.certificate: cannot use '/nonexistent.pem': ");
  begins(with(c.garbage(), c.key()), "tls.certificate: cannot use '" + c.garbage() + "': ");
  begins(with(c.chain(), "/nonexistent.pem"), "tls.key: cannot use '/nonexistent.pem': ");
  begins(with(c.chain(), c.garbage()), "tls.key: cannot use '" + c.garbage() + "': ");
  begins(with(c.chain(), other.key()),
         "tls.key: cannot use '" + other.key() + "': key values mismatch");
  CHECK(with(c.chain(), c.key()).empty());
}

TEST_CASE("server: it serves pages and its health beside WebSockets", "[net][lifecycle]") {
  running_server server{quiet(), {{"/", "text/html", "<p>home"}}};
  tcp_line client{server.port()};
  const auto page = ask(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(page.status == 200);
  CHECK(page.body == "<p>home");
  CHECK(page.headers.at("content-type") == "text/html");
  CHECK(ask(client, get_health).body == "{}"); // on the same connection
  const auto head = ask(client, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(head.status == 200);
  CHECK(head.headers.at("content-length") == "7");
  CHECK(ask(client, "GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 426);
  CHECK(ask(client, "GET /debug/totals.json HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404);
}

TEST_CASE("server: stop() closes everyone with 1001 after what was queued, and join() tells so",
          "[net][lifecycle]") {
  running_server server;
  std::vector<wire_client> clients;
  for (int i = 0; i < 5; ++i)
    clients.push_back(server.connect());
  server.send(target::everyone(), "last words");
  server->stop();
  server->stop(); // does nothing
  for (auto& c : clients) {
    CHECK(c.text() == "last words");
    const auto close = c.closing();
    CHECK(close.close_code() == 1001);
    CHECK(close.close_text() == "shutting down");
    c.write(client_frame::closing(1001));
    c.raw().shut_down();
  }
  CHECK(server->join());
  CHECK(server.closed_for(close_reason::shutting_down) == 5);
  for (auto& c : clients)
    CHECK(c.ends());
}

TEST_CASE("server: who does not answer is cut at the deadline, and join() tells so",
          "[net][lifecycle]") {
  auto o = quiet();
  o.drain.timeout = 300ms;
  running_server server{o};
  auto mute = server.connect();
  const auto begin = std::chrono::steady_clock::now();
  server->stop();
  CHECK_FALSE(server->join());
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= 300ms);
  CHECK(took < 2s);
  CHECK(mute.closing().close_code() == 1001);
  CHECK(mute.ends());
  CHECK(mute.raw().was_reset());
}

TEST_CASE("server: join() waits for stop()", "[net][lifecycle]") {
  running_server server;
  auto joined = std::async(std::launch::async, [&] { return server->join(); });
  CHECK(joined.wait_for(100ms) == std::future_status::timeout);
  server->stop();
  CHECK(joined.get());
}

TEST_CASE("server: while it drains no upgrade succeeds and the health says so",
          "[net][lifecycle]") {
  auto o = quiet();
  o.admin.port = free_port();
  running_server server{o};
  auto mute = server.connect(); // keeps it from ending
  tcp_line kept{server.port()};
  CHECK(ask(kept, get_health).status == 200);
  tcp_line upgrading{server.port()};
  CHECK(ask(upgrading, get_health).status == 200);
  tcp_line admin{server->admin_port()};
  CHECK(ask(admin, get_health).status == 200);
  server->stop();
  CHECK(mute.closing().close_code() == 1001);
  CHECK(ask(kept, get_health).status == 503);
  CHECK(ask(upgrading, upgrade_request()).status == 503);
  CHECK(ask(admin, get_health).status == 503);
  CHECK_THROWS(tcp_line{server.port()}); // nobody listens any more
  mute.write(client_frame::closing(1001));
  mute.raw().shut_down();
  CHECK(server->join());
}

TEST_CASE("server: connections are closed at the pace of the drain", "[net][lifecycle]") {
  auto o = quiet();
  o.drain.rate = 20;
  running_server server{o};
  std::vector<wire_client> clients;
  for (int i = 0; i < 12; ++i)
    clients.push_back(server.connect());
  const auto begin = std::chrono::steady_clock::now();
  server->stop();
  for (auto& c : clients) {
    CHECK(c.closing().close_code() == 1001);
    c.write(client_frame::closing(1001));
    c.raw().shut_down();
  }
  CHECK(server->join());
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= 400ms);
  CHECK(took < 5s);
}

TEST_CASE("server: when one of its own actors fails it drains what works, and says so", "[net][lifecycle]") {
  const auto hub = GENERATE(true, false); // or the registry
  CAPTURE(hub);
  auto o = quiet();
  o.listen.loops = 2;
  running_server server{o};
  auto client = server.connect();
  std::promise<void> failed;
  server->on_failure([&] { failed.set_value(); });
  CHECK_FALSE(server->has_failed());
  if (hub) caf::anon_send_exit(server->insight().hubs.back(), caf::exit_reason::kill);
  else caf::anon_send_exit(server->registry(), caf::exit_reason::kill);
  REQUIRE(failed.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(server->has_failed());
  CHECK(client.closing().close_code() == 1001);
  client.write(client_frame::closing(1001));
  client.raw().shut_down();
  CHECK(server->join());
  const auto logged = server.log().named("engine_failed");
  REQUIRE(logged.size() == 1);
  CHECK(logged[0].fields.at("part") == (hub ? "hub" : "registry"));
  bool told = false;
  server->on_failure([&] { told = true; }); // late
  CHECK(told);
}

TEST_CASE("server: one that ends in order has not failed", "[net][lifecycle]") {
  running_server server;
  server->stop();
  CHECK(server->join());
  CHECK_FALSE(server->has_failed());
  CHECK(server.log().named("engine_failed").empty());
}

TEST_CASE("server: without stop() its end cuts everyone at once", "[net][lifecycle]") {
  const certificate c;
  auto o = quiet();
  o.listen.loops = 2;
  o.tls = {.certificate = c.chain(), .key = c.key(), .port = free_port()};
  o.admin.port = free_port();
  running_server server{o};
  std::vector<wire_client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(server.connect());
    clients.push_back(server.connect({.headers = {}, .line = {.tls = true}}));
  }
  // And sockets at every other stage.
  tcp_line silent{server.port()};
  tcp_line half{server.port()};
  half.write("GET / HT");
  tcp_line kept{server.port()};
  ask(kept, get_health);
  tcp_line admin{server->admin_port()};
  ask(admin, get_health);
  tcp_line silent_tls{server->tls_port()};
  tcp_line half_tls{server->tls_port()};
  half_tls.write("\x16\x03\x01");
  const auto begin = std::chrono::steady_clock::now();
  server.destroy();
  CHECK(std::chrono::steady_clock::now() - begin < 1s);
  for (auto& client : clients)
    while (const auto m = client.next())
      CHECK(m->type == opcode::close);
  for (auto* l : {&silent, &half, &kept, &admin, &silent_tls, &half_tls})
    CHECK(l->read_to_end().empty());
}

TEST_CASE("server: it can end while clients come in, and none keeps it", "[net][lifecycle]") {
  for (int round = 0; round < 10; ++round) {
    auto o = quiet();
    o.listen.loops = 2;
    running_server server{o};
    std::atomic<bool> over{false};
    std::atomic<int> connected{0};
    const auto port = server.port();
    std::vector<std::thread> crowd;
    for (int i = 0; i < 3; ++i)
      crowd.emplace_back([&over, &connected, port] {
        std::vector<wire_client> mute;
        while (!over)
          try {
            mute.emplace_back(port);
            ++connected;
          } catch (const std::exception&) {
          }
      });
    running_server::await([&] { return connected > 30; }, "clients come in");
    const auto begin = std::chrono::steady_clock::now();
    server.destroy();
    const auto took = std::chrono::steady_clock::now() - begin;
    over = true;
    for (auto& t : crowd)
      t.join();
    CHECK(took < 1500ms);
  }
}
