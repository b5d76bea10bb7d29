// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/settings.hpp"
#include "support/catch.hpp"

using namespace troupe::app;

TEST_CASE("settings: every port that is on is listed, under its option", "[app][settings]") {
  settings s;
  s.server.listen.port = 0; // the kernel chooses
  CHECK(ports_of(s).empty());
  s.server.listen.port = 1;
  s.server.tls.port = 2;
  s.server.admin.port = 3;
  s.server.metrics.port = 4;
  s.server.api.port = 5;
  s.console.port = 6;
  s.console.address = "::1";
  std::string all;
  for (const auto& one : ports_of(s)) all += std::string{one.option} + '=' + std::to_string(one.port) + ' ';
  CHECK(all == "listen.port=1 tls.port=2 admin.port=3 metrics.port=4 api.port=5 console.port=6 ");
  CHECK(ports_of(s).back().address == "::1");
}

TEST_CASE("settings: addresses overlap if they are the same or one stands for the other too", "[app][settings]") {
  CHECK(addresses_overlap("127.0.0.1", "127.0.0.1"));
  CHECK(addresses_overlap("0.0.0.0", "127.0.0.1"));
  CHECK(addresses_overlap("::1", "::"));
  CHECK(addresses_overlap("::", "0.0.0.0"));
  CHECK_FALSE(addresses_overlap("127.0.0.1", "127.0.0.2"));
  CHECK_FALSE(addresses_overlap("::1", "127.0.0.1"));
  CHECK_FALSE(addresses_overlap("0.0.0.0", "::1"));
}
