// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Traces, from a message on a socket to the line of an operator's terminal.
#include "console_world.hpp"
#include "raw_session.hpp"

using namespace troupe;
using namespace troupe::app::console;
using namespace troupe::app::console::tests;
using troupe::tests::wire_client;

namespace {

/// What a trace showed: its events as "in message hello", and its last words.
struct shown {
  std::vector<std::string> events;
  std::string end;
};

/// Follows a trace. `begun` is called once it is on; it says whether to go on.
shown follow(client& at, const std::string& command, const std::function<bool()>& begun) {
  shown all;
  const auto note = [&](const answer& part) {
    for (const auto& each : part.tables)
      for (const auto& row : each.rows) {
        const auto payload = row.size() > 6 ? " " + std::get<std::string>(row[6]) : "";
        all.events.push_back(std::get<std::string>(row[1]) + " " + std::get<std::string>(row[2]) + payload);
      }
  };
  bool first = true;
  const auto last = at.run(command, [&](const answer& part) {
    note(part);
    return std::exchange(first, false) ? begun() : true;
  });
  note(last);
  all.end = last.error.empty() ? last.notes.at(0) : "error: " + last.error;
  return all;
}

} // namespace

TEST_CASE("console: a trace shows messages as they come and go, and ends after as many as asked for",
          "[app][console]") {
  console_world world;
  auto c = connect(world);
  client at{world.socket};
  const auto seen = follow(at, "trace user \"\" max 3 payload", [&] {
    c.say("one");
    CHECK(c.text() == "one");
    c.say("two");
    return true;
  });
  CHECK(seen.events == std::vector<std::string>{"in message one", "out message one", "in message two"});
  CHECK(seen.end == "ended: 3 events");
  CHECK(world.logs("outcome=began"));
  CHECK(world.logs("outcome=\"ended: 3 events\""));
  CHECK(at.run("loops").error.empty()); // the session goes on
}

TEST_CASE("console: payloads are not shown unless an operator asks for them", "[app][console]") {
  scratch_folder folder;
  console_world world{{.read_only_path = folder.file("everyone")}};
  auto c = connect(world);
  client at{folder.file("everyone")};
  const auto seen = follow(at, "trace user \"\" max 2", [&] { return c.say("secret"), true; });
  CHECK(seen.events == std::vector<std::string>{"in message", "out message"});
  CHECK(world.logged().find("console_action") == std::string::npos);
  for (const auto* more : {" payload", " match secret"})
    CHECK(at.run(std::string{"trace user \"\""} + more).error ==
          "showing payloads with trace is for operators, and this session may only look");
  CHECK(world.logs("command=\"trace user \\\"\\\" match secret\" done=false"));
}

TEST_CASE("console: a trace ends when its reader says so, and the session goes on", "[app][console]") {
  console_world world;
  client at{world.socket};
  for (int i = 0; i < 3; ++i)
    CHECK(follow(at, "trace user alice", [] { return false; }).end == "ended: stopped");
  CHECK(at.run("loops").error.empty());
}

TEST_CASE("console: a trace ends by itself when too much comes, and when its time is over", "[app][console]") {
  console_world world;
  auto c = connect(world);
  client at{world.socket};
  const auto flood = follow(at, "trace user \"\" dir in max 5/s", [&] {
    for (int i = 0; i < 100; ++i)
      c.say("more");
    return true;
  });
  CHECK(flood.end == "ended: more than 5 events a second");
  CHECK(flood.events.size() < 100);
  CHECK(follow(at, "trace channel news for 150ms", [] { return true; }).end == "ended: its time is over");
}

TEST_CASE("console: a channel's trace shows what it is asked and what it tells", "[app][console]") {
  console_world world;
  client at{world.socket}, other{world.socket};
  CHECK(other.run("publish news 1").error.empty());
  const auto seen = follow(at, "trace channel news max 2 payload",
                           [&] { return other.run("publish news 2").error.empty(); });
  CHECK(seen.events == std::vector<std::string>{"in troupe::centrifuge::publish_channel 2", "out published 2"});
}

TEST_CASE("console: an actor's trace shows the messages it handles", "[app][console]") {
  console_world world;
  client at{world.socket}, other{world.socket};
  const auto found = at.run("top actors where kind = registry columns actor");
  const auto registry = std::get<std::string>(found.tables.at(0).rows.at(0).at(0));
  REQUIRE(other.run("send everyone first").error.empty()); // behind what the registry still hears of its start
  const auto seen = follow(at, "trace actor " + registry + " max 1",
                           [&] { return other.run("send everyone hello").error.empty(); });
  CHECK(seen.events == std::vector<std::string>{"in troupe::confirm_broadcast"});
}

TEST_CASE("console: a trace of what is not there is refused", "[app][console]") {
  console_world world;
  client at{world.socket};
  CHECK(at.run("trace conn alice").error == "'alice' is no connection ID; top conns lists them");
  CHECK(at.run("trace conn 6f1c2f6e-8a53-4b0e-9d0e-3b9a4f1c2d77").error ==
        "no connection '6f1c2f6e-8a53-4b0e-9d0e-3b9a4f1c2d77' is open");
  CHECK(at.run("trace actor 0").error == "no actor '0' is alive on a loop");
  CHECK(at.run("trace user alice max 0").error.starts_with("max takes a number of events such as 100, or of events"));
  CHECK(at.run("trace user alice for 2h").error == "for takes a time up to 1h");
}

TEST_CASE("console: a trace ends with its session", "[app][console]") {
  console_world world;
  client at{world.socket};
  {
    const raw_session gone{world.socket};
    gone.send(encode(request{1, "trace user alice for 1h"}));
    CHECK(gone.read_line().find("tracing") != std::string::npos);
    CHECK(at.run("sessions").tables.at(0).rows.size() == 2);
  }
  CHECK(eventually([&] { return at.run("sessions").tables.at(0).rows.size() == 1; }));
}

TEST_CASE("console: who follows a trace and does not read loses events, then the session, and holds up nobody",
          "[app][console]") {
  console_world world{{.write_timeout = 300ms}};
  auto c = connect(world);
  client at{world.socket};
  const raw_session stalled{world.socket};
  stalled.send(encode(request{1, "trace user \"\" max 1000000 for 1h payload"}));
  CHECK(stalled.read_line().find("tracing") != std::string::npos);
  const std::string text(1000, 'x');
  CHECK(eventually([&] {
    for (int i = 0; i < 100; ++i) {
      c.say(text);
      if (c.text() != text)
        return true;
    }
    return at.run("sessions").notes.at(0).ends_with(" 1 cut for not reading");
  }));
  CHECK(world.logs("console_session_cut"));
  CHECK(eventually([&] { return at.run("sessions").tables.at(0).rows.size() == 1; }));
}
