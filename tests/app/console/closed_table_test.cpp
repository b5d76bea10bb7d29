// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/closed_table.hpp"
#include "app/console/render.hpp"
#include "support/catch.hpp"

using namespace troupe;
using namespace troupe::app::console;
using namespace std::chrono_literals;

namespace {

connection_down slow_one(std::chrono::system_clock::time_point when) {
  connection_down d;
  d.who = connection_profile_ptr{new connection_profile({}, client_id{}, "ada", {}, {},
                                                        {transport_kind::websocket, false, "192.0.2.1"}, when),
                                 false};
  d.when = when;
  d.how = {close_reason::slow_consumer, 4008, 0, "slow consumer"};
  d.figures = {.uptime = 60s, .queue_bytes = 1048576, .queue_messages = 12, .rtt = 5ms, .bytes_in = 1,
               .bytes_out = 2, .messages_in = 3, .messages_out = 4, .dropped = 5};
  return d;
}

} // namespace

TEST_CASE("closed table: a row tells who, when, why and what was left", "[app][console]") {
  const auto now = std::chrono::system_clock::now();
  const auto all = closed_table({slow_one(now - 3s)}, now);
  CHECK(all.columns.size() == all.rows.at(0).size());
  CHECK(render({all}, output_format::csv).find(
            "\n3000000000,00000000-0000-0000-0000-000000000000,ada,192.0.2.1,slow_consumer,server,4008,,"
            "60000000000,1048576,12,5,5000000,3,4,1,2,slow consumer\n") != std::string::npos);
}

TEST_CASE("closed table: its story is one sentence", "[app][console]") {
  const auto now = std::chrono::system_clock::now();
  CHECK(story_of(slow_one(now - 3s), now) ==
        "It ended 3.00s ago by the server: slow_consumer, its outbox was full and the policy is disconnect; "
        "it had been open for 1.00m, we said 4008 \"slow consumer\", 1.00MiB in 12 messages had not left, "
        "5 messages had been dropped, its last round trip took 5.00ms.");
}
