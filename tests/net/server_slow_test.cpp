// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Clients that read slowly or not at all: the outbox is bounded, its policy decides, others notice
// nothing.
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;

constexpr int sent = 2000;
constexpr std::size_t message_bytes = 1000;

/// Small buffers everywhere: after some tens of messages the outbox is what holds the rest.
net::server_options with_small_buffers() {
  auto o = quiet();
  o.outbox.max_bytes = 64 * 1024;
  o.outbox.socket_send_buffer = 4096;
  return o;
}

client_options slow() {
  return {.headers = {}, .line = {.receive_buffer_bytes = 4096}};
}

std::string numbered(int i) {
  auto text = std::to_string(i);
  text.resize(message_bytes, ' ');
  return text;
}

/// Sends `sent` messages to everyone, waits until they are in the outboxes; `reading` reads along.
void flood(running_server& server, wire_client& reading, overflow policy) {
  for (int i = 0; i < sent; ++i) {
    server.send(target::everyone(), numbered(i), policy);
    if (i % 20 == 0)
      server.size(); // so that the healthy one keeps up
    if (i % 20 == 19)
      for (int read = i - 19; read <= i; ++read)
        REQUIRE(reading.text() == numbered(read));
  }
}

/// What a client got: numbers of messages, and how many it was told to have lost.
struct account {
  std::vector<int> numbers;
  int lost = 0;
  bool in_order = true;
};

account read_until(wire_client& client, const std::string& last) {
  account a;
  for (auto text = client.text(); text != last; text = client.text()) {
    if (int n = 0; std::sscanf(text.c_str(), R"({"gap":{"dropped":%d}})", &n) == 1) {
      a.lost += n;
      continue;
    }
    const int number = std::stoi(text);
    a.in_order = a.in_order && (a.numbers.empty() || number > a.numbers.back());
    a.numbers.push_back(number);
  }
  return a;
}

} // namespace

TEST_CASE("server: drop_oldest keeps the newest and tells how many are lost", "[net][slow]") {
  running_server server{with_small_buffers()};
  auto sleeper = server.connect(slow());
  auto reader = server.connect();
  flood(server, reader, overflow::drop_oldest);
  server.send(target::everyone(), "end", overflow::drop_oldest);
  const auto got = read_until(sleeper, "end");
  CHECK(got.in_order);
  CHECK(got.lost > sent / 2);
  CHECK(static_cast<int>(got.numbers.size()) + got.lost == sent);
  REQUIRE(!got.numbers.empty());
  CHECK(got.numbers.front() == 0);
  CHECK(got.numbers.back() == sent - 1);
}

TEST_CASE("server: drop_newest keeps the oldest and tells how many are lost", "[net][slow]") {
  running_server server{with_small_buffers()};
  auto sleeper = server.connect(slow());
  auto reader = server.connect();
  flood(server, reader, overflow::drop_newest);
  std::thread wait_for_room{[&] {
    running_server::await(
        [&] {
          return server
                     .confirm({.to = target::everyone(),
                               .message = frame::encode(opcode::text, "end"),
                               .policy = overflow::drop_newest})
                     .dropped == 0;
        },
        "there is room for one more");
  }};
  const auto got = read_until(sleeper, "end");
  wait_for_room.join();
  CHECK(got.in_order);
  constexpr int fits = 40; // at least, into the outbox alone; of these none was evicted
  REQUIRE(got.numbers.size() > fits);
  CHECK(got.numbers[fits] == fits);
  CHECK(got.lost > sent / 2);
  CHECK(static_cast<int>(got.numbers.size()) + got.lost >= sent); // and what had no room afterwards
}

TEST_CASE("server: latest_per_key sends the last of each key", "[net][slow]") {
  running_server server{with_small_buffers()};
  auto sleeper = server.connect(slow());
  for (int i = 0; i < sent; ++i)
    server.send({.to = target::everyone(),
                 .message = frame::encode(opcode::text, numbered(i)),
                 .policy = overflow::latest_per_key,
                 .key = i % 2 == 0 ? "even" : "odd"});
  server.send(target::everyone(), "end");
  const auto got = read_until(sleeper, "end");
  CHECK(got.lost == 0); // each was replaced by a later one
  CHECK(got.numbers.size() < sent / 2);
  REQUIRE(got.numbers.size() >= 2);
  CHECK(got.numbers[got.numbers.size() - 1] + got.numbers[got.numbers.size() - 2] == 2 * sent - 3);
}

TEST_CASE("server: disconnect closes the slow one with a named code and nobody else",
          "[net][slow]") {
  running_server server{with_small_buffers()};
  auto sleeper = server.connect(slow());
  auto reader = server.connect();
  flood(server, reader, overflow::disconnect);
  server.send(target::everyone(), "end");
  CHECK(reader.text() == "end");
  int before = 0;
  for (auto m = sleeper.next(); m && m->type == opcode::text; m = sleeper.next())
    REQUIRE(m->payload == numbered(before++)); // never with a hole
  CHECK(before < sent / 2);
  sleeper.raw().shut_down();
  server.await_size(1);
  CHECK(server.closed_for(close_reason::slow_consumer) == 1);
}

TEST_CASE("server: the close frame of a slow consumer overtakes what was queued", "[net][slow]") {
  running_server server{with_small_buffers()};
  auto sleeper = server.connect(slow());
  for (int i = 0; i < 200; ++i)
    server.send(target::everyone(), numbered(i));
  CHECK(sleeper.closing().close_code() == 4008);
}

TEST_CASE("server: a client that does not read is cut after the write timeout, chatty or not",
          "[net][slow]") {
  auto o = with_small_buffers();
  o.outbox.max_bytes = 16 * 1024 * 1024;
  o.outbox.write_timeout = 300ms;
  running_server server{o};
  auto silent = server.connect(slow());
  auto chatty =
      server.connect({.path = "/ws/chat", .headers = {}, .line = {.receive_buffer_bytes = 4096}});
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i)
    server.send(target::everyone(), numbered(i));
  while (server.size() != 0) {
    chatty.raw().write_some(client_frame{.payload = "still alive"}.bytes());
    std::this_thread::sleep_for(20ms);
  }
  CHECK(std::chrono::steady_clock::now() - begin >= 300ms);
  CHECK(server.closed_for(close_reason::write_timeout) == 2);
}

TEST_CASE("server: a client that reads a little now and then is not cut by the write timeout",
          "[net][slow]") {
  auto o = with_small_buffers();
  o.outbox.max_bytes = 16 * 1024 * 1024;
  o.outbox.write_timeout = 400ms;
  running_server server{o};
  auto slow_one = server.connect(slow());
  for (int i = 0; i < 100; ++i)
    server.send(target::everyone(), numbered(i));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(slow_one.text() == numbered(i));
    std::this_thread::sleep_for(20ms);
  }
  CHECK(server.size() == 1);
}

TEST_CASE("server: a client whose pongs pile up is cut, and reading from it stops", "[net][slow]") {
  auto o = with_small_buffers();
  o.outbox.write_timeout = 60s;
  running_server server{o};
  auto pinger = server.connect(slow());
  auto healthy = server.connect();
  std::string pings;
  for (int i = 0; i < 100; ++i)
    pings +=
        client_frame{.type = client_frame::ping, .payload = numbered(i).substr(0, 125)}.bytes();
  while (server.size() == 2)
    if (pinger.raw().write_some(pings) == 0)
      std::this_thread::sleep_for(1ms);
  CHECK(server.closed_for(close_reason::control_overflow) == 1);
  healthy.say("unharmed");
  CHECK(healthy.text() == "unharmed");
}
