// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "net/support/certificate.hpp"
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;

net::server_options encrypted(const certificate& c) {
  auto o = quiet();
  o.tls = {.certificate = c.chain(), .key = c.key()};
  return o;
}

const client_options over_tls{.headers = {}, .line = {.tls = true}};

constexpr std::string_view get_health =
    "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

} // namespace

TEST_CASE("server: over TLS clients talk like over plain TCP", "[net][tls]") {
  const certificate c;
  running_server server{encrypted(c)};
  CHECK(server->tls_port() == server->port());
  auto one = server.connect(over_tls);
  auto other = server.connect(over_tls);
  for (const std::size_t size : {0U, 5U, 16U * 1024, 64U * 1024}) {
    one.say(std::string(size, 'x'));
    CHECK(one.text() == std::string(size, 'x'));
    CHECK(other.text() == std::string(size, 'x'));
  }
  for (int i = 0; i < 500; ++i)
    server.send(target::everyone(), std::to_string(i));
  for (int i = 0; i < 500; ++i)
    REQUIRE(one.text() == std::to_string(i));
  one.write(client_frame::closing(1000));
  CHECK(one.closing().close_code() == 1000);
  CHECK(one.ends());
  CHECK(one.raw().was_notified());
}

TEST_CASE("server: TLS on a port of its own leaves the other one plain", "[net][tls]") {
  const certificate c;
  auto o = encrypted(c);
  o.tls.port = free_port();
  running_server server{o};
  CHECK(server->tls_port() == o.tls.port);
  auto encrypted_one = server.connect(over_tls);
  auto plain_one = server.connect();
  plain_one.say("to both");
  CHECK(plain_one.text() == "to both");
  CHECK(encrypted_one.text() == "to both");
}

TEST_CASE("server: plain HTTP on the TLS port is answered 400 at once", "[net][tls]") {
  const certificate c;
  running_server server{encrypted(c)};
  tcp_line plain{server.port()};
  const auto answer = ask(plain, get_health);
  CHECK(answer.status == 400);
  CHECK(answer.body == "this port speaks TLS\n");
}

TEST_CASE("server: an answer over TLS ends with a close_notify, so that it cannot be cut short",
          "[net][tls]") {
  const certificate c;
  running_server server{encrypted(c)};
  tcp_line client{server.port(), {.tls = true}};
  CHECK(ask(client, get_health).status == 200);
  CHECK(client.read_to_end().empty());
  CHECK(client.was_notified());
}

TEST_CASE("server: the close frame gets through over TLS although the client goes on sending",
          "[net][tls]") {
  const certificate c;
  running_server server{encrypted(c)};
  auto hostile = server.connect(over_tls);
  hostile.write(client_frame{.claimed = 1ULL << 40}.bytes() + std::string(1 << 18, 'x'));
  CHECK(hostile.closing().close_code() == 1009);
  CHECK(hostile.ends());
  CHECK_FALSE(hostile.raw().was_reset());
}

TEST_CASE("server: the handshake timeout covers TLS from the first byte on", "[net][tls]") {
  const certificate c;
  auto o = encrypted(c);
  o.limit.handshake_timeout = 600ms;
  running_server server{o};
  for (const std::string& said :
       {std::string{}, std::string{"\x16"}, std::string{"\x16\x03\x01\x02"}}) {
    CAPTURE(said.size());
    const auto begin = std::chrono::steady_clock::now();
    tcp_line client{server.port()};
    std::this_thread::sleep_for(300ms);
    client.write(said);
    CHECK(client.read_to_end().empty());
    CHECK(std::chrono::steady_clock::now() - begin < 850ms); // not 300 ms and all over again
  }
}

TEST_CASE("server: slow readers over TLS are bounded too", "[net][tls]") {
  const certificate c;
  auto o = encrypted(c);
  o.outbox = {.max_bytes = 64 * 1024, .write_timeout = 300ms, .socket_send_buffer = 4096};
  running_server server{o};
  auto sleeper =
      server.connect({.headers = {}, .line = {.tls = true, .receive_buffer_bytes = 4096}});
  auto healthy = server.connect(over_tls);
  for (int i = 0; i < 300; ++i) {
    server.send(target::everyone(), std::string(1000, 'x'), overflow::drop_oldest);
    if (i % 20 == 19)
      for (int n = 0; n < 20; ++n)
        REQUIRE(healthy.text().size() == 1000);
  }
  server.await_closed_for(close_reason::write_timeout);
  CHECK(server.size() == 1);
}
