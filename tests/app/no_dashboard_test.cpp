// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A program of its own: what it embeds is what a build without npm embeds.
#include "app/dashboard.hpp"
#include "net/support/wire_client.hpp"
#include "support/catch.hpp"

#include <troupe/net/server.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

using namespace troupe;
using troupe::tests::ask;
using troupe::tests::tcp_line;

TEST_CASE("dashboard: a server built without it says how to get it, and works", "[app][dashboard]") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  net::server_options options;
  options.listen = {.address = "127.0.0.1", .port = 0, .loops = 1};
  options.admin.port = troupe::tests::free_port();
  net::server server{system, options, event_log::none(), app::dashboard()};
  const auto get = [](std::uint16_t port, std::string_view path) {
    tcp_line line{port};
    return ask(line, "GET " + std::string{path} + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  };
  for (const auto* path : {"/admin", "/admin/"}) {
    const auto page = get(server.admin_port(), path);
    CHECK(page.status == 200);
    CHECK(page.body.find("built without its dashboard") != std::string::npos);
    CHECK(page.headers.at("cache-control") == "no-store");
    CHECK(page.headers.at("x-frame-options") == "DENY");
    CHECK(page.headers.at("content-security-policy").starts_with("default-src 'none'"));
  }
  CHECK(get(server.admin_port(), "/debug/totals.json").status == 200);
  CHECK(get(server.port(), "/admin").status == 404);
}
