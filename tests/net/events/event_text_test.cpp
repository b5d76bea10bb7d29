// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/events/event_text.hpp>

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace troupe;
using namespace troupe::net::events;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

connection_profile_ptr ann() {
  return {new connection_profile({0, 1, 0}, client_id::random(), "ann", {}, {"vip"},
                                 {transport_kind::centrifuge_json, true, "192.0.2.1"}, {}), false};
}

const event_number seventh{"run", 7};

} // namespace

TEST_CASE("event text: an up says who it is", "[net][events]") {
  const auto who = ann();
  const auto entry = entry_of(connection_event{connection_up{who, std::chrono::system_clock::time_point{1234ms}}}, seventh);
  REQUIRE(entry);
  CHECK(entry->on == effect::opens);
  CHECK(entry->connection == who->id.to_string());
  CHECK(json::parse(entry->text) == json{{"id", "run-7"}, {"sequence", 7}, {"type", "connection_up"}, {"time", 1234},
                                         {"client", who->id.to_string()}, {"user", "ann"},
                                         {"transport", "centrifuge-json"}, {"address", "192.0.2.1"},
                                         {"labels", {"vip"}}});
}

TEST_CASE("event text: a down says why, who wanted it, and what was said", "[net][events]") {
  connection_down down{ann(), {}, {close_reason::slow_consumer, 3008, 0, "slow"}, {}};
  down.figures.uptime = 1500ms;
  const auto entry = entry_of(connection_event{down}, seventh);
  REQUIRE(entry);
  CHECK(entry->on == effect::ends);
  const auto told = json::parse(entry->text);
  CHECK(told["reason"] == "slow_consumer");
  CHECK(told["by"] == "server");
  CHECK(told["code_sent"] == 3008);
  CHECK_FALSE(told.contains("code_received"));
  CHECK(told["text"] == "slow");
  CHECK(told["uptime_ms"] == 1500);
}

TEST_CASE("event text: a lost connection's down tells what its up told", "[net][events]") {
  const auto who = ann();
  const auto up = entry_of(connection_event{connection_up{who, {}}}, seventh);
  const auto told = json::parse(lost_entry(up->connection, up->text, {}, {"next", 8}).text);
  CHECK(told["id"] == "next-8");
  CHECK(told["client"] == who->id.to_string());
  CHECK(told["user"] == "ann");
  CHECK(told["address"] == "192.0.2.1");
  CHECK(told["reason"] == "server_died");
  CHECK_NOTHROW(lost_entry("c", "rubbish", {}, seventh));
}

TEST_CASE("event text: what is no UTF-8 does no harm", "[net][events]") {
  const auto entry = entry_of(centrifuge::channel_change{centrifuge::channel_occupied{"a\xff", {}}}, seventh);
  CHECK(json::accept(entry.text));
}

TEST_CASE("event text: what the journal could not take goes without what makes it long", "[net][events]") {
  const std::string much(journal::max_text_bytes, 'u');
  const auto up_of = [&](const std::string& user, const std::string& label) {
    const connection_profile_ptr who{new connection_profile({0, 1, 0}, client_id::random(), user, {}, {label}, {}, {}),
                                     false};
    const auto entry = entry_of(connection_event{connection_up{who, {}}}, seventh);
    REQUIRE(entry);
    CHECK(entry->text.size() <= journal::max_text_bytes);
    return json::parse(entry->text);
  };
  const auto unlabelled = up_of("ann", much);
  CHECK(unlabelled["user"] == "ann");
  CHECK_FALSE(unlabelled.contains("labels"));
  CHECK(unlabelled["shortened"] == true);
  const auto unnamed = up_of(much, "vip");
  CHECK(unnamed["type"] == "connection_up");
  CHECK_FALSE(unnamed.contains("user"));
  CHECK_FALSE(up_of("ann", "vip").contains("shortened"));
  const auto lost = json::parse(lost_entry("c", unnamed.dump(), {}, seventh).text);
  CHECK(lost["shortened"] == true);
}

TEST_CASE("event text: a delivery is an object of a node and its events", "[net][events]") {
  const auto body = json::parse(delivery_body("no\"de", {R"({"a":1})", R"({"b":2})"}));
  CHECK(body["node"] == "no\"de");
  CHECK(body["events"].size() == 2);
}
