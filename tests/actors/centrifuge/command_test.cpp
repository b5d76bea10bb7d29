// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/centrifuge/command.hpp>

using namespace troupe::centrifuge;

namespace {

subscribe_request subscribe_to(std::string channel, std::string delta = {}) {
  subscribe_request result;
  result.channel = std::move(channel);
  result.delta = std::move(delta);
  return result;
}

connect_request connect_with(std::string channel, std::string delta = {}) {
  connect_request result;
  result.subs[std::move(channel)] = subscribe_to({}, std::move(delta));
  return result;
}

} // namespace

TEST_CASE("command: without an id it is a pong, whatever else it has",
          "[actors][centrifuge][command]") {
  for (command received : {command{}, command{0, connect_request{}}, command{0, subscribe_to("a")},
                           command{0, unsubscribe_request{}}}) {
    CHECK(normalize(received).empty());
    CHECK(std::holds_alternative<pong>(received.body));
  }
}

TEST_CASE("command: send needs no id", "[actors][centrifuge][command]") {
  command received{0, send_request{{"1", true}}};
  CHECK(normalize(received).empty());
  CHECK(std::get<send_request>(received.body).data.bytes == "1");
}

TEST_CASE("command: what can be acted on passes unchanged", "[actors][centrifuge][command]") {
  for (command received : {command{1, connect_request{}}, command{1, connect_with("a", "fossil")},
                           command{2, subscribe_to("a")}, command{2, subscribe_to("a", "fossil")},
                           command{3, rpc_request{}}, command{4, refresh_request{}}}) {
    const auto kind = received.body.index();
    CHECK(normalize(received).empty());
    CHECK(received.body.index() == kind);
  }
}

TEST_CASE("command: violations that end the connection", "[actors][centrifuge][command]") {
  for (command received : {
           command{1, std::monostate{}},
           command{1, subscribe_to("")},
           command{1, subscribe_to("a", "xdelta")},
           command{1, connect_with("")},
           command{1, connect_with("a", "xdelta")},
           command{1, unsubscribe_request{}},
           command{1, publish_request{}},
           command{1, presence_request{}},
           command{1, presence_stats_request{}},
           command{1, history_request{}},
           command{1, sub_refresh_request{}},
       }) {
    CAPTURE(received.body.index());
    CHECK_FALSE(normalize(received).empty());
  }
}
