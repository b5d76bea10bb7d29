// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/render.hpp"
#include "console_world.hpp"

#include <algorithm>

using namespace troupe;
using namespace troupe::app::console;
using namespace troupe::app::console::tests;
using troupe::tests::wire_client;

namespace {

std::string text_at(const table& in, std::string_view column, std::size_t row = 0) {
  const auto& value = in.rows.at(row).at(find_column(in.columns, column));
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : std::string{};
}
double number_at(const table& in, std::string_view column) {
  return std::get<double>(in.rows.at(0).at(find_column(in.columns, column)));
}

std::string only(client& at, const std::string& command) {
  const auto said = at.run(command);
  return said.error.empty() ? said.notes.at(0) : "error: " + said.error;
}

std::string actor_of(client& at, const std::string& kind) {
  return text_at(at.run("top actors where kind = " + kind + " columns actor").tables.at(0), "actor");
}

} // namespace

TEST_CASE("console: a channel that is killed is replaced, and the log tells who did it", "[app][console]") {
  console_world world;
  client at{world.socket};
  CHECK(at.run("publish news 1").error.empty());
  const auto before = actor_of(at, "channel");
  CHECK(only(at, "kill " + before) ==
        "actor " + before + " is told to fail; replaced with a new epoch; subscribers are told and recover");
  CHECK(world.logs("command=\"kill " + before + "\" done=true"));
  CHECK(world.logs("channel_failed"));
  CHECK(at.run("publish news 2").error.empty());
  CHECK(actor_of(at, "channel") != before);
}

TEST_CASE("console: an actor of an extension that is killed is started again, and tree tells why", "[app][console]") {
  console_world world;
  client at{world.socket};
  const auto kept = [&] { return at.run("tree").tables.at(1); };
  REQUIRE(kept().rows.size() == 2); // one on each loop
  CHECK(text_at(kept(), "name") == "/echo");
  CHECK(text_at(kept(), "state") == "runs");
  const auto before = text_at(kept(), "actor");
  CHECK(only(at, "kill " + before) == "actor " + before + " is told to fail; its keeper starts it again");
  const auto restarted = [&] {
    const auto now = kept();
    for (std::size_t i = 0; i < now.rows.size(); ++i)
      if (!text_at(now, "last_failure", i).empty() && text_at(now, "state", i) == "runs")
        return text_at(now, "actor", i);
    return std::string{};
  };
  REQUIRE(eventually([&] { return !restarted().empty(); }));
  const auto told = at.run("actor " + restarted()).tables.at(0);
  CHECK(number_at(told, "restarts") == 1);
  CHECK(text_at(told, "kept_for") == "/echo");
  CHECK(text_at(told, "last_failure").find("kill") != std::string::npos);
  CHECK(text_at(told, "runs_on").starts_with("loop "));
}

TEST_CASE("console: who would not be started again may not be killed", "[app][console]") {
  console_world world;
  client at{world.socket};
  for (const auto* kind : {"registry", "shard", "hub"}) {
    CAPTURE(kind);
    const auto id = actor_of(at, kind);
    CHECK(only(at, "kill " + id) ==
          fmt::format("error: actor {} is a {} that nobody would start again: it may not be killed", id, kind));
  }
  const auto c = connect(world);
  CHECK(only(at, "kill " + actor_of(at, "connection")).find(" is a connection: kick conn ") != std::string::npos);
  CHECK(only(at, "kill 0") == "error: no actor '0' is alive here");
  CHECK(only(at, "kill x").starts_with("error: 'x' is no number of an actor"));
}

TEST_CASE("console: actors on threads of CAF's are among all others", "[app][console]") {
  console_world world;
  client at{world.socket};
  const auto found = at.run("top actors where name = ledger columns actor,name,handled");
  REQUIRE(found.tables.at(0).rows.size() == 1);
  const auto told = at.run("actor " + text_at(found.tables[0], "actor")).tables.at(0);
  CHECK(text_at(told, "runs_on") == "a thread of CAF's");
  CHECK(text_at(told, "when_it_fails") == "whoever spawned it decides");
}

TEST_CASE("console: a connection tells of itself what is not metered", "[app][console]") {
  console_world world;
  const auto c = connect(world);
  client at{world.socket};
  const auto id = text_at(at.run("top conns columns id").tables.at(0), "id");
  const auto said = at.run("conn " + id);
  REQUIRE(said.tables.size() == 2);
  CHECK(text_at(said.tables[0], "id") == id);
  CHECK(text_at(said.tables[0], "stage") == "open");
  CHECK(text_at(said.tables[0], "compression") == "no");
  CHECK(text_at(said.tables[0], "blocked") == "no");
  CHECK(number_at(said.tables[0], "unsent_bytes") < 64); // its first ping
  CHECK(number_at(said.tables[0], "max_bytes") == 1024 * 1024);
  CHECK(said.tables[1].rows.empty());
}

TEST_CASE("console: policies and limits change while they are used", "[app][console]") {
  centrifuge::channels_config channels;
  channels.namespaces.push_back({.name = "chat", .options = {}});
  channels.namespaces.push_back({.name = "deltas", .options = {.delta_publish = true}});
  console_world world{{}, channels};
  auto c = connect(world);
  client at{world.socket};
  CHECK(only(at, "set-policy namespace chat drop-oldest") == "slow subscribers of namespace 'chat': drop-oldest");
  CHECK(only(at, "set-policy namespace \"\" latest-per-key") == "slow subscribers of namespace '': latest-per-key");
  CHECK(only(at, "set-policy namespace deltas drop-oldest").starts_with("error: delta_publish needs "));
  CHECK(only(at, "set-policy namespace nowhere drop-oldest").starts_with("error: no namespace 'nowhere' is configured"));
  CHECK(only(at, "set-policy namespace chat sometimes").starts_with("error: expected one of disconnect, "));
  CHECK(only(at, "set-policy plain drop-newest") == "slow readers at /ws: drop-newest");
  CHECK(only(at, "set-policy plain 2MiB") == "up to 2.00MiB may be queued for each connection at /ws");
  CHECK(only(at, "set-policy clients 2MiB") == "up to 2.00MiB may be queued for each client of channels");
  CHECK(only(at, "set-policy plain 1") == "error: expected a size from 1KiB to 1GiB, got '1'");
  const auto id = text_at(at.run("top conns columns id").tables.at(0), "id");
  const auto max_bytes = [&] { return number_at(at.run("conn " + id).tables.at(0), "max_bytes"); };
  CHECK(max_bytes() == 2 * 1024 * 1024);
  CHECK(only(at, "set-policy conn " + id + " 64KiB") == "up to 64.0KiB may be queued for it");
  CHECK(max_bytes() == 64 * 1024);
  CHECK(world.logs("command=\"set-policy plain drop-newest\" done=true"));
}

TEST_CASE("console: dead letters are counted and shown", "[app][console]") {
  console_world world;
  client at{world.socket};
  CHECK(at.run("publish news 1").error.empty());
  const auto said = at.run("deadletters n 5");
  REQUIRE(said.tables.size() == 1);
  CHECK(said.notes.at(0).find(" since the start, the last ") != std::string::npos);
  {
    const auto c = connect(world);
    wire_client other{world.server->port()};
  }
  // The answer to what a connection said last comes when it is gone.
  CHECK(eventually([&] {
    wire_client hasty{world.server->port()};
    hasty.say("and away");
    hasty.raw().reset();
    return !at.run("deadletters").tables.at(0).rows.empty();
  }));
  const auto some = at.run("deadletters").tables.at(0);
  CHECK_FALSE(text_at(some, "message").empty());
  CHECK_FALSE(text_at(some, "name").empty());
}
