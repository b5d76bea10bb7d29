// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What the administration port tells of a running server.
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <deque>
#include <string>

namespace {

using namespace troupe;
using namespace troupe::tests;
using nlohmann::json;

net::server_options inspected(std::size_t loops = 2) {
  auto o = quiet();
  o.listen.loops = loops;
  o.admin.port = free_port();
  return o;
}

http_answer get_from(std::uint16_t port, const std::string& path) {
  tcp_line line{port};
  return ask(line, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

/// With a port for metrics, and none for operators.
net::server_options measured() {
  auto o = quiet();
  o.metrics.port = free_port();
  return o;
}

struct inspected_server : running_server {
  explicit inspected_server(net::server_options o = inspected()) : running_server(std::move(o)) {}

  http_answer get(const std::string& path) { return get_from((*this)->admin_port(), path); }
  json table(const std::string& path) {
    const auto answer = get(path);
    INFO(path << ": " << answer.body);
    REQUIRE(answer.status == 200);
    CHECK(answer.headers.at("content-type") == "application/json");
    return json::parse(answer.body);
  }
};

} // namespace

TEST_CASE("server: /debug/connections.json shows each connection of every loop", "[net][inspection]") {
  inspected_server server;
  auto a = server.connect(), b = server.connect_to("/ws/g"), c = server.connect();
  a.say("hello");
  CHECK(a.text() == "hello");
  CHECK(c.text() == "hello");
  const auto j = server.table("/debug/connections.json?sort=msgs_in");
  CHECK(j["matching"] == 3);
  REQUIRE(j["rows"].size() == 3);
  CHECK(j["rows"][0]["msgs_in"] == 1);
  CHECK(j["rows"][0]["bytes_in"] == 5);
  CHECK(j["rows"][0]["peer"] == "127.0.0.1");
  CHECK(j["rows"][0]["transport"] == "websocket");
  CHECK(j["rows"][1]["msgs_in"] == 0);
}

TEST_CASE("server: /debug/actors.json and /debug/loops.json show the loops' actors", "[net][inspection]") {
  inspected_server server;
  auto client = server.connect();
  // An actor says what it is when its loop first runs it.
  running_server::await([&] { return server.table("/debug/actors.json?kind=shard")["matching"] == 2; },
                        "both loops run");
  CHECK(server.table("/debug/actors.json?kind=hub")["matching"] == 2);
  CHECK(server.table("/debug/actors.json?kind=registry")["matching"] == 1);
  CHECK(server.table("/debug/actors.json?kind=connection")["matching"] == 1);
  const auto loops = server.table("/debug/loops.json")["rows"];
  REQUIRE(loops.size() == 2);
  for (const auto& loop : loops) {
    CHECK(loop["turns"] > 0);
    CHECK(loop["cpu_s"] > 0);
    CHECK(loop["load"] < 1.5);
    CHECK(loop["actors"] >= 2);
  }
}

TEST_CASE("server: /debug/closed.json tells why connections ended", "[net][inspection]") {
  inspected_server server;
  auto client = server.connect();
  client.send({.type = client_frame::close, .payload = std::string{"\x03\xe8"} + "enough"});
  CHECK(client.closing().close_code() == 1000);
  server.await_closed_for(close_reason::peer_closed);
  running_server::await([&] { return server.table("/debug/closed.json")["matching"] == 1; },
                        "the ledger hears of it");
  const auto j = server.table("/debug/closed.json?reason=peer_closed&last=1h");
  REQUIRE(j["rows"].size() == 1);
  CHECK(j["rows"][0]["by"] == "client");
  CHECK(j["rows"][0]["code_received"] == 1000);
  CHECK(j["rows"][0]["text"] == "enough");
  CHECK(j["by_reason"] == json{{"peer_closed", 1}});
  CHECK(server.table("/debug/closed.json?reason=kicked")["rows"].empty());
}

TEST_CASE("server: /metrics is text in Prometheus' format", "[net][inspection]") {
  inspected_server server;
  auto client = server.connect();
  const auto answer = server.get("/metrics");
  CHECK(answer.status == 200);
  CHECK(answer.headers.at("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(answer.body.find("\ntroupe_connections 1\n") != std::string::npos);
  CHECK(answer.body.find("\ntroupe_actors{kind=\"connection\"} 1\n") != std::string::npos);
}

TEST_CASE("server: a wrong query is answered 400 with what is wrong", "[net][inspection]") {
  inspected_server server;
  for (const auto* path : {"/debug/connections.json?limit=x", "/debug/closed.json?reason=x"}) {
    INFO(path);
    const auto answer = server.get(path);
    CHECK(answer.status == 400);
    CHECK(answer.body.find(" takes ") != std::string::npos);
  }
}

TEST_CASE("server: requests on one connection are answered one after another, in order",
          "[net][inspection]") {
  inspected_server server;
  tcp_line admin{server->admin_port()};
  const std::string tail = " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  admin.write("GET /debug/loops.json" + tail + "GET /health" + tail + "GET /metrics" + tail);
  std::string rest;
  CHECK(read_answer(admin, rest).body.find("longest_turn_ms") != std::string::npos);
  CHECK(read_answer(admin, rest).headers.at("content-type") == "application/json");
  CHECK(read_answer(admin, rest).body.starts_with("# HELP"));
}

TEST_CASE("server: who does not wait for an answer disturbs nobody", "[net][inspection]") {
  inspected_server server;
  for (int i = 0; i < 50; ++i) {
    tcp_line admin{server->admin_port()};
    admin.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  CHECK(server.get("/metrics").status == 200);
}

TEST_CASE("server: stops while somebody asks", "[net][inspection]") {
  inspected_server server;
  tcp_line admin{server->admin_port()};
  admin.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  server.destroy();
}

TEST_CASE("server: the metrics port has metrics and health, and nothing else", "[net][inspection]") {
  running_server server{measured()};
  const auto port = server->metrics_port();
  REQUIRE(port != 0);
  CHECK(server->admin_port() == 0);
  auto client = server.connect();
  const auto metrics = get_from(port, "/metrics");
  CHECK(metrics.status == 200);
  CHECK(metrics.body.find("\ntroupe_connections 1\n") != std::string::npos);
  CHECK(get_from(port, "/health").status == 200);
  for (const auto* path : {"/", "/debug/connections.json", "/debug/totals.json", "/admin/", "/api/info", "/ws"}) {
    CAPTURE(path);
    CHECK(get_from(port, path).status == 404);
  }
  tcp_line upgrading{port};
  CHECK(ask(upgrading, upgrade_request()).status == 404);
  CHECK(get_from(server.port(), "/metrics").status == 404); // nothing that clients see
}

TEST_CASE("server: the metrics port tells of a drain until it is over", "[net][inspection]") {
  running_server server{measured()};
  auto mute = server.connect(); // keeps it from ending
  server->stop();
  CHECK(mute.closing().close_code() == 1001);
  CHECK(get_from(server->metrics_port(), "/health").status == 503);
  CHECK(get_from(server->metrics_port(), "/metrics").body.find("\ntroupe_draining 1\n") != std::string::npos);
  mute.write(client_frame::closing(1001));
  mute.raw().shut_down();
  CHECK(server->join());
}

TEST_CASE("server: the metrics port answers 64 connections at once, and more with 503", "[net][inspection]") {
  running_server server{measured()};
  const auto port = server->metrics_port();
  const std::string request = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::deque<tcp_line> lines;
  for (int i = 0; i < 64; ++i) CHECK(ask(lines.emplace_back(port), request).status == 200);
  CHECK(get_from(port, "/metrics").status == 503);
  server.connect(); // clients have places of their own
}
