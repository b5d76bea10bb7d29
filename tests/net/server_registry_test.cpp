// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Messages from inside the process to the registry: every kind of target, receipts, memberships,
// kicks.
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>

namespace {

using namespace troupe;
using namespace troupe::tests;

// The first connection of the only loop: slot 0, generation 1.
constexpr connection_handle first_connection{.shard = 0, .generation = 1, .slot = 0};

change_membership add(target of, membership in, std::string name) {
  return {.of = std::move(of), .in = in, .name = std::move(name)};
}

/// What a kick waits for at most.
net::server_options closing_within(std::chrono::milliseconds timeout) {
  auto o = quiet();
  o.outbox.close_timeout = timeout;
  return o;
}

void check_receipt(const receipt& r, std::uint64_t queued) {
  CHECK(r.matched == queued);
  CHECK(r.queued == queued);
  CHECK(r.dropped == 0);
}

} // namespace

TEST_CASE("registry: a message to everyone, a group, a user or a label reaches exactly those",
          "[net][registry]") {
  auto o = quiet();
  o.listen.loops = 2; // members of all kinds on both loops
  running_server server{o};
  auto a1 = server.connect_to("/ws/a");
  auto b1 = server.connect_to("/ws/b");
  auto a2 = server.connect_to("/ws/a");
  auto c1 = server.connect_to("/ws/c");
  check_receipt(server.request(add(target::group("a"), membership::user, "ann")), 2);
  check_receipt(server.request(add(target::group("b"), membership::label, "vip")), 1);
  check_receipt(server.request(add(target::group("c"), membership::label, "vip")), 1);

  check_receipt(server.confirm(target::user("ann"), "to ann"), 2);
  check_receipt(server.confirm(target::label("vip"), "to vips"), 2);
  check_receipt(server.confirm(target::group("c"), "to c"), 1);
  check_receipt(server.confirm(target::group("nobody"), "to nobody"), 0);
  check_receipt(server.confirm(target::connection(client_id::random()), "to a stranger"), 0);
  check_receipt(server.confirm(target::everyone(), "to all"), 4);

  for (auto* ann : {&a1, &a2})
    CHECK(ann->text() == "to ann");
  for (auto* vip : {&b1, &c1})
    CHECK(vip->text() == "to vips");
  CHECK(c1.text() == "to c");
  for (auto* c : {&a1, &a2, &b1, &c1})
    CHECK(c->text() == "to all"); // and nothing in between
}

TEST_CASE("registry: an excluded connection gets nothing, and is not counted", "[net][registry]") {
  running_server server;
  auto first = server.connect();
  auto second = server.connect();
  check_receipt(server.confirm({.to = target::everyone(),
                                .message = frame::encode(opcode::text, "not for the first"),
                                .exclude = first_connection}),
                1);
  check_receipt(server.confirm(target::everyone(), "for both"), 2);
  CHECK(first.text() == "for both");
  CHECK(second.text() == "not for the first");
  CHECK(second.text() == "for both");
}

TEST_CASE("registry: a thread that sends more than the node's budget is told at once", "[net][registry]") {
  auto o = quiet();
  o.listen.loops = 2;
  o.outbox.max_bytes = std::size_t{1} << 30;
  running_server server{o};
  auto client = server.connect();
  const auto large = frame::encode(opcode::binary, std::string(std::size_t{20} << 20, 'x'));
  const target to_nobody = target::group("nobody");
  // Every kind of target takes from the same budget, with a receipt or without one.
  const std::vector<target> all{to_nobody, target::user("ann"), target::label("vip"), target::groups("no*"),
                                target::connection(client_id::random())};
  std::size_t refused = 0;
  for (int i = 0; refused == 0 && i < 1000; ++i)
    for (const auto& to : all)
      refused += server->send({.to = to, .message = large}) == acceptance::over_budget ? 1 : 0;
  REQUIRE(refused > 0);
  running_server::await([&] {
    return server->send({.to = target::everyone(), .message = frame::encode(opcode::text, "later")}) ==
           acceptance::accepted;
  }, "there is room again");
  CHECK(client.text() == "later");
  const auto seen = server->observatory();
  running_server::await([&] {
    std::uint64_t counted = 0;
    for (const auto& loop : seen.by_loop()) counted += loop->counters.broadcasts_refused.value();
    return counted >= refused;
  }, "refusals are counted");
}

TEST_CASE("registry: binary and empty messages can be sent from inside", "[net][registry]") {
  running_server server;
  auto client = server.connect();
  server.send({.to = target::everyone(),
               .message = frame::encode(opcode::binary, std::string{"\0\xff", 2})});
  server.send({.to = target::everyone(), .message = frame::encode(opcode::text, "")});
  CHECK(client.message() == wire_message{opcode::binary, std::string{"\0\xff", 2}});
  CHECK(client.message() == wire_message{opcode::text, ""});
}

TEST_CASE("registry: messages of one sender arrive in order, with and without receipts",
          "[net][registry]") {
  running_server server;
  auto client = server.connect();
  for (int i = 0; i < 300; ++i) {
    if (i % 3 == 0)
      check_receipt(server.confirm(target::everyone(), std::to_string(i)), 1);
    else
      server.send(target::everyone(), std::to_string(i));
  }
  for (int i = 0; i < 300; ++i)
    REQUIRE(client.text() == std::to_string(i));
}

TEST_CASE("registry: memberships change while connections are open", "[net][registry]") {
  running_server server;
  auto client = server.connect_to("/ws/a");
  auto other = server.connect_to("/ws/z");
  server.request(add(target::group("a"), membership::group, "b"));
  check_receipt(server.confirm(target::group("b"), "joined b"), 1);
  server.request(change_membership{target::group("a"), change_membership::action::remove,
                                   membership::group, "b"});
  check_receipt(server.confirm(target::group("b"), "left b"), 0);
  server.request(add(target::group("a"), membership::user, "ann"));
  server.request(add(target::group("a"), membership::user, "bob")); // replaces
  check_receipt(server.confirm(target::user("ann"), "no more"), 0);
  check_receipt(server.confirm(target::user("bob"), "instead"), 1);
  client.say("to a, as ever");
  CHECK(client.text() == "joined b");
  CHECK(client.text() == "instead");
  CHECK(client.text() == "to a, as ever");
  server.send(target::everyone(), "end");
  CHECK(other.text() == "end");
}

TEST_CASE("registry: a kick says the code and text of who kicked, after what was queued",
          "[net][registry]") {
  running_server server;
  auto kicked = server.connect_to("/ws/a");
  auto stays = server.connect_to("/ws/b");
  server.send(target::everyone(), "last words");
  check_receipt(
      server.request(close_connections{.to = target::group("a"),
                                       .status = {close_reason::kicked, 4444, "that is enough"}}),
      1);
  CHECK(kicked.text() == "last words");
  const auto close = kicked.closing();
  CHECK(close.close_code() == 4444);
  CHECK(close.close_text() == "that is enough");
  kicked.write(client_frame::closing(4444));
  CHECK(kicked.ends());
  kicked.raw().shut_down();
  server.await_closed_for(close_reason::kicked);
  CHECK(server.log().named("connection_closed").at(0).fields.at("code_received") == "4444");
  CHECK(server.size() == 1);
  stays.say("unharmed");
  CHECK(stays.text() == "last words");
  CHECK(stays.text() == "unharmed");
}

TEST_CASE("registry: the answer to a kick counts, in whatever pieces and behind whatever it comes", "[net][registry]") {
  running_server server{closing_within(std::chrono::hours{1})}; // nothing may wait for that
  const auto answer = client_frame{.payload = "said before it knew"}.bytes() +
                      client_frame{.type = client_frame::ping, .payload = "p"}.bytes() + client_frame::closing(4001);
  for (std::size_t first = 0; first <= answer.size(); ++first) {
    auto kicked = server.connect();
    server.request(close_connections{.to = target::everyone()});
    CHECK(kicked.closing().close_code() == 4001);
    kicked.write(answer.substr(0, first));
    kicked.write(answer.substr(first));
    CHECK(kicked.ends());
    kicked.raw().shut_down();
    server.await_closed_for(close_reason::kicked, first + 1);
    CHECK(server.log().named("connection_closed").at(first).fields.at("code_received") == "4001");
  }
}

TEST_CASE("registry: who leaves instead of answering a kick is gone at once", "[net][registry]") {
  running_server server{closing_within(std::chrono::hours{1})};
  auto kicked = server.connect();
  server.request(close_connections{.to = target::everyone()});
  CHECK(kicked.closing().close_code() == 4001);
  kicked.raw().shut_down();
  server.await_closed_for(close_reason::kicked);
}

TEST_CASE("registry: a kick that nobody answers ends with the close timeout", "[net][registry]") {
  running_server server{closing_within(std::chrono::milliseconds{100})};
  auto mute = server.connect();
  server.request(close_connections{.to = target::everyone()});
  CHECK(mute.closing().close_code() == 4001);
  CHECK(mute.ends());
  CHECK(mute.raw().was_reset());
  server.await_closed_for(close_reason::kicked);
}

TEST_CASE("registry: a cut ends a connection without a word", "[net][registry]") {
  running_server server;
  auto client = server.connect();
  server.request(close_connections{.to = target::everyone(), .how = closing::cut});
  CHECK(client.ends());
  CHECK(client.raw().was_reset());
  server.await_closed_for(close_reason::kicked);
}

TEST_CASE("registry: the text of a kick is cut between characters", "[net][registry]") {
  running_server server;
  auto client = server.connect();
  std::string text;
  while (text.size() < 200)
    text += "\xc3\xa9"; // an e with an acute accent
  server.request(
      close_connections{.to = target::everyone(), .status = {close_reason::kicked, 4001, text}});
  const auto close = client.closing();
  CHECK(close.close_text() == text.substr(0, 122)); // 123 would be half a character
}
