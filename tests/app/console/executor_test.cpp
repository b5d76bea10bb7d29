// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/connect.hpp"
#include "app/console/render.hpp"
#include "console_world.hpp"

#include <sys/socket.h>

using namespace troupe;
using namespace troupe::app::console;
using namespace troupe::app::console::tests;

namespace {

/// What a command comes to, as a reader sees it.
std::string run(client& at, const std::string& command) {
  const auto said = at.run(command);
  if (!said.error.empty())
    return "error: " + said.error;
  auto text = render(said.tables, output_format::csv);
  for (const auto& note : said.notes)
    text += note;
  return text;
}

/// Asks and does not wait.
void raw_ask_and_leave(const std::string& socket, const std::string& command) {
  const int descriptor = connect_to(socket);
  const auto line = encode(request{1, command});
  CHECK(::send(descriptor, line.data(), line.size(), 0) == static_cast<ssize_t>(line.size()));
  ::close(descriptor);
}

centrifuge::channels_config open_channels() {
  centrifuge::channels_config config;
  config.without_namespace.presence = true;
  config.without_namespace.history_size = 10;
  config.without_namespace.history_ttl = std::chrono::seconds{60};
  return config;
}

} // namespace

TEST_CASE("console: looking reaches the meters and the ledger of the server", "[app][console]") {
  console_world world{{}, open_channels()};
  client at{world.socket};
  const auto loops = at.run("loops");
  REQUIRE(loops.tables.at(0).rows.size() == 2);
  CHECK(std::get<double>(loops.tables[0].rows[1][0]) == 1);
  CHECK(at.run("loops where loop = 1").tables.at(0).rows.size() == 1);
  CHECK(at.run("hist").tables.at(0).rows.size() == 5);
  CHECK(at.run("tree").tables.at(0).rows.size() > 8);
  CHECK(run(at, "closed n 5").ends_with("0 of 0"));
  CHECK(run(at, "closed group what").starts_with("error: no such column 'what'; one of: ago, "));
  CHECK(run(at, "closed where what = 1").starts_with("error: no such column 'what'; one of: ago, "));
  CHECK(run(at, "top conns").ends_with("0 of 0"));
  CHECK(run(at, "top actors where kind = shard columns kind")
            .starts_with("kind\nshard\nshard\n2 of 2 that match, "));
  CHECK(run(at, "conn alice") == "error: 'alice' is no connection ID; top conns lists them");
  CHECK(run(at, "conn 6f1c2f6e-8a53-4b0e-9d0e-3b9a4f1c2d77").starts_with("error: no connection '6f1c2f6e"));
  CHECK(run(at, "actor 0") == "error: no actor '0' is alive here");
  CHECK(run(at, "actor x").starts_with("error: 'x' is no number of an actor"));
  CHECK(run(at, "channel news") == "error: no channel 'news' is alive here");
  CHECK(run(at, "user \"a \\\"b\"").ends_with("0 of 0"));
  CHECK(at.run("why alice").tables.size() == 2);
}

TEST_CASE("console: a window tells what came while it was open", "[app][console]") {
  console_world world{{}, open_channels()};
  client at{world.socket};
  CHECK(run(at, "publish news 1").starts_with("published"));
  CHECK(run(at, "top channels columns channel,publications") == "channel,publications\nnews,1\n1 of 1");
  CHECK(run(at, "top channels window 50ms columns channel,publications") ==
        "channel,publications/s\nnews,0\n1 of 1");
  CHECK(run(at, "top channels window 50ms by size").starts_with("error: no such column 'size'"));
  CHECK(run(at, "top channels window 2h") == "error: window takes a time up to 1h");
  CHECK(at.run("channel news").tables.at(0).shape == layout::detail);
  raw_ask_and_leave(world.socket, "top conns window 1h"); // does not hold up the end
}

TEST_CASE("console: publications get their place in the stream", "[app][console]") {
  console_world world{{}, open_channels()};
  client at{world.socket};
  CHECK(run(at, R"(publish news {"n":1})").starts_with("published at offset 1 of epoch "));
  CHECK(run(at, R"(publish news not json)").starts_with("published at offset 2 of epoch "));
  CHECK(run(at, "presence news") == "client,user\n0 subscribed");
  CHECK(run(at, "presence nowhere:news") == "error: unknown channel");
}

TEST_CASE("console: messages and closes tell how many they were for", "[app][console]") {
  console_world world;
  client at{world.socket};
  CHECK(run(at, "send everyone hello") == "0 connections: 0 queued, 0 dropped");
  CHECK(run(at, "kick user alice code 4003") == "0 connections told to close");
  CHECK(run(at, "kick user alice code 1000") == "error: code takes 3000 to 4999, got 1000");
  CHECK(run(at, "kick conn alice").starts_with("error: 'alice' is no connection ID, such as "));
  CHECK(run(at, "kick everyone reason \"" + std::string(124, 'x') + '"') ==
        "error: reason takes at most 123 bytes");
}

TEST_CASE("console: every action is in the log, whatever its level, and looking is not",
          "[app][console]") {
  console_world world;
  client at{world.socket};
  CHECK(run(at, "loglevel error") == "events of level error and above are logged");
  CHECK(run(at, "loops") != "");
  CHECK(run(at, "  kick user alice") == "0 connections told to close");
  CHECK(world.logs("command=\"  kick user alice\" done=true outcome=\"0 connections told to close\""));
  CHECK(world.logged().find(fmt::format("session=1 role=operator uid={} pid={}", ::geteuid(),
                                        ::getpid())) != std::string::npos);
  CHECK(world.logged().find("loops") == std::string::npos);
  world.log.write(severity::info, "unwanted", {});
  CHECK(run(at, "kick user alice code 1") == "error: code takes 3000 to 4999, got 1");
  CHECK(world.logs("done=false outcome=\"code takes 3000 to 4999, got 1\""));
  CHECK(world.logged().find("unwanted") == std::string::npos);
}

TEST_CASE("console: the server is told to reload each time", "[app][console]") {
  console_world world;
  client at{world.socket};
  for (int times = 1; times <= 2; ++times) {
    CHECK(run(at, "reload") == fmt::format("reload {}", times));
    CHECK(world.reloads == times);
  }
}

TEST_CASE("console: the server is told to drain once", "[app][console]") {
  console_world world;
  client at{world.socket};
  CHECK(run(at, "drain") == "draining; the server exits when everyone is gone");
  CHECK(run(at, "drain") == "error: the server is draining already");
  CHECK(world.drains == 1);
}

TEST_CASE("console: sessions are listed with who they are", "[app][console]") {
  console_world world;
  client first{world.socket};
  client second{world.socket};
  CHECK(second.run("help").tables.size() == 1);
  REQUIRE(eventually([&] { return first.run("sessions").tables.at(0).rows.size() == 2; }));
  const auto said = first.run("sessions");
  CHECK(std::get<std::string>(said.tables[0].rows[1][1]) == "operator");
  CHECK(std::get<double>(said.tables[0].rows[1][3]) == ::getpid());
  CHECK(std::get<double>(said.tables[0].rows[1][6]) == 1);
  CHECK(said.notes.at(0) == "2 opened, 0 refused, 0 cut for not reading");
}
