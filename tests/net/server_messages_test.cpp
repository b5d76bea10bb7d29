// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What clients say reaches the clients it is for: whole, in order and of its type.
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace troupe;
using namespace troupe::tests;

/// Every way to send: io_uring only where there is one.
net::server_options with_each_send_method() {
  auto o = quiet();
  o.listen.send = GENERATE(net::send_method::sendmsg, net::send_method::automatic);
  return o;
}

} // namespace

TEST_CASE("server: what one client says reaches all, itself included", "[net][server]") {
  running_server server{with_each_send_method()};
  auto speaker = server.connect();
  auto listener = server.connect();
  speaker.say("hello");
  CHECK(speaker.text() == "hello");
  CHECK(listener.text() == "hello");
  listener.say("hello to you");
  CHECK(speaker.text() == "hello to you");
  CHECK(listener.text() == "hello to you");
}

TEST_CASE("server: without echo a sender gets what others say only", "[net][server]") {
  auto o = quiet();
  o.websocket.echo = false;
  running_server server{o};
  auto one = server.connect();
  auto other = server.connect();
  one.say("from one");
  CHECK(other.text() == "from one");
  other.say("from the other");
  CHECK(one.text() == "from the other");
}

TEST_CASE("server: a group hears its members and what is said to all, no other group",
          "[net][server]") {
  running_server server;
  auto red = server.connect_to("/ws/red");
  auto red_too = server.connect_to("/ws/%72ed");
  auto blue = server.connect_to("/ws/blue");
  auto none = server.connect_to("/ws");
  red.say("to red");
  CHECK(red.text() == "to red");
  CHECK(red_too.text() == "to red");
  none.say("to all"); // nobody but red heard the former
  for (auto* c : {&red, &red_too, &blue, &none})
    CHECK(c->text() == "to all");
}

TEST_CASE("server: text and binary messages of every size keep type and bytes", "[net][server]") {
  auto o = with_each_send_method();
  o.websocket.max_message_bytes = 300'000;
  running_server server{o};
  auto client = server.connect();
  // Around the forms of the length, and the sizes of the reader's buffers.
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 255U, 256U, 257U, 4096U, 4352U, 4353U,
                                 65535U, 65536U, 300'000U}) {
    CAPTURE(size);
    std::string payload(size, 'a');
    for (std::size_t i = 0; i < size; ++i)
      payload[i] = static_cast<char>('a' + i % 26);
    client.send({.type = client_frame::text, .payload = payload});
    CHECK(client.message() == wire_message{opcode::text, payload});
    for (auto& c : payload)
      c = static_cast<char>(c ^ 0x80);
    client.send({.type = client_frame::binary, .payload = payload});
    CHECK(client.message() == wire_message{opcode::binary, payload});
  }
}

TEST_CASE("server: a fragmented message arrives as one, whatever comes between its fragments",
          "[net][server]") {
  running_server server;
  auto client = server.connect();
  client.send({.payload = "one ", .final = false});
  client.send({.type = client_frame::ping, .payload = "in between"});
  client.send({.type = client_frame::continuation, .payload = "", .final = false});
  client.send({.type = client_frame::pong, .payload = "unasked"});
  client.send({.type = client_frame::continuation, .payload = "message", .final = true});
  CHECK(client.next() == wire_message{opcode::pong, "in between"});
  CHECK(client.next() == wire_message{opcode::text, "one message"});
  client.send({.type = client_frame::binary, .final = false});
  client.send({.type = client_frame::continuation, .final = true});
  CHECK(client.next() == wire_message{opcode::binary, ""});
}

TEST_CASE("server: a message that comes byte by byte is a message", "[net][server]") {
  running_server server;
  auto client = server.connect();
  for (const char byte : client_frame{.payload = "slowly but surely"}.bytes())
    client.write({&byte, 1});
  CHECK(client.text() == "slowly but surely");
}

TEST_CASE("server: many clients amid messages at once are not mixed up", "[net][server]") {
  running_server server;
  std::vector<wire_client> clients;
  for (std::size_t i = 0; i < 300; ++i) // more than a loop keeps readers for
    clients.push_back(server.connect_to("/ws/alone-" + std::to_string(i)));
  for (int round = 0; round < 3; ++round) {
    const auto text = [&](std::size_t i) { return "grün " + std::to_string(i) + " in round " + std::to_string(round); };
    const auto bytes = [&](std::size_t i) {
      return client_frame{.payload = text(i).substr(0, 3), .final = false}.bytes() + // within a character
             client_frame{.type = client_frame::ping, .payload = "amid"}.bytes() +
             client_frame{.type = client_frame::continuation, .payload = text(i).substr(3)}.bytes();
    };
    for (std::size_t i = 0; i < clients.size(); ++i)
      clients[i].write(bytes(i).substr(0, 1 + i % (bytes(i).size() - 1)));
    for (auto i = clients.size(); i-- != 0;) {
      clients[i].write(bytes(i).substr(1 + i % (bytes(i).size() - 1)));
      CHECK(clients[i].next() == wire_message{opcode::pong, "amid"});
      CHECK(clients[i].next() == wire_message{opcode::text, text(i)});
    }
  }
}

TEST_CASE("server: a ping is answered with its bytes, also amid broadcasts", "[net][server]") {
  running_server server;
  auto client = server.connect();
  std::string burst;
  for (int i = 0; i < 100; ++i)
    burst += client_frame{.payload = "m" + std::to_string(i)}.bytes() +
             client_frame{.type = client_frame::ping, .payload = "p" + std::to_string(i)}.bytes();
  client.write(burst);
  int messages = 0;
  int pongs = 0;
  while (messages + pongs < 200) {
    const auto m = client.next();
    REQUIRE(m);
    auto& count = m->type == opcode::pong ? pongs : messages;
    CHECK(m->payload == (m->type == opcode::pong ? "p" : "m") + std::to_string(count));
    ++count;
  }
  CHECK(messages == 100);
}

TEST_CASE("server: nothing is lost of what shares a segment, whatever it is and wherever it is cut",
          "[net][server]") {
  running_server server;
  auto client = server.connect();
  std::mt19937_64 random{20261126}; // the same streams at every run
  const std::string large(1600, 'x'); // more than the first read takes
  std::vector<std::string> said, pinged;
  for (int round = 0; round < 40; ++round) {
    std::string stream;
    for (auto left = 1 + random() % 6; left != 0; --left) {
      const auto text = std::to_string(round) + '.' + std::to_string(left);
      switch (random() % 4) {
        case 0: stream += client_frame{.type = client_frame::pong, .payload = text}.bytes(); continue;
        case 1: stream += client_frame{.type = client_frame::ping, .payload = pinged.emplace_back(text)}.bytes(); continue;
        case 2: stream += client_frame{.payload = said.emplace_back(text + large)}.bytes(); continue;
        default: stream += client_frame{.payload = said.emplace_back(text)}.bytes();
      }
    }
    for (std::string_view rest = stream; !rest.empty();) {
      const auto part = rest.substr(0, 1 + random() % rest.size());
      client.write(part);
      rest.remove_prefix(part.size());
    }
  }
  std::vector<std::string> heard, answered;
  while (heard.size() + answered.size() < said.size() + pinged.size()) {
    const auto m = client.next();
    REQUIRE(m);
    (m->type == opcode::pong ? answered : heard).push_back(m->payload);
  }
  CHECK(heard == said);
  CHECK(answered == pinged);
}

TEST_CASE("server: of messages that share a segment those beyond the window or the rate wait, and none is lost",
          "[net][server]") {
  auto o = quiet();
  const bool is_paced = GENERATE(true, false);
  if (is_paced) o.websocket.messages_per_second = 200, o.websocket.message_burst = 3;
  else o.websocket.read_window_bytes = 1; // reading pauses until each is fanned out
  running_server server{o};
  auto client = server.connect();
  std::vector<std::string> said, heard;
  std::string segment;
  for (int i = 0; i < 30; ++i)
    segment += client_frame{.payload = said.emplace_back(std::to_string(i))}.bytes();
  const auto began = std::chrono::steady_clock::now();
  client.write(segment);
  client.say(said.emplace_back("the next segment"));
  while (heard.size() < said.size())
    heard.push_back(client.text());
  CHECK(heard == said);
  if (is_paced) CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds{130}); // 28 of them wait
}

TEST_CASE("server: what comes before bytes that are refused in the same segment reaches the others", "[net][server]") {
  running_server server{with_each_send_method()};
  auto other = server.connect();
  auto client = server.connect();
  client.write(client_frame{.payload = "whole"}.bytes() + client_frame{.payload = "\xff"}.bytes());
  CHECK(client.closing().close_code() == 1007);
  CHECK(other.text() == "whole");
}

TEST_CASE("server: everyone gets all messages of every sender once and in its order, across loops",
          "[net][server]") {
  auto o = with_each_send_method();
  o.listen.loops = 2;
  running_server server{o};
  REQUIRE(server->loop_count() == 2);
  constexpr int senders = 4;
  constexpr int each = 1000;
  std::vector<wire_client> clients;
  for (int i = 0; i < senders; ++i)
    clients.push_back(server.connect()); // dealt out to the loops in turn
  std::vector<std::thread> threads;
  for (int s = 0; s < senders; ++s)
    threads.emplace_back([&client = clients[static_cast<std::size_t>(s)], s] {
      for (int i = 0; i < each; ++i)
        client.say(std::to_string(s) + ":" + std::to_string(i));
    });
  for (auto& t : threads)
    t.join();
  for (auto& client : clients) {
    std::vector<int> next(senders, 0);
    for (int i = 0; i < senders * each; ++i) {
      const auto text = client.text();
      const auto s = static_cast<std::size_t>(text[0] - '0');
      REQUIRE(text == std::to_string(s) + ":" + std::to_string(next[s]++));
    }
  }
}

TEST_CASE("server: a client's close is echoed, and its connection is gone", "[net][server]") {
  running_server server;
  auto client = server.connect();
  client.write(client_frame::closing(4321, "enough"));
  CHECK(client.closing().close_code() == 4321);
  CHECK(client.ends());
  client.raw().shut_down();
  server.await_closed_for(close_reason::peer_closed);
  const auto record = server.log().named("connection_closed").at(0).fields;
  CHECK(record.at("code_received") == "4321");
  CHECK(record.at("code_sent") == "4321");
  CHECK(record.at("text") == "enough");
  CHECK(server.size() == 0);
}

TEST_CASE("server: a close without a code is answered with a normal one", "[net][server]") {
  running_server server;
  auto client = server.connect();
  client.send({.type = client_frame::close});
  CHECK(client.closing().close_code() == 1000);
  CHECK(client.ends());
}

TEST_CASE("server: clients that vanish are gone, by FIN or by reset", "[net][server]") {
  running_server server;
  auto stays = server.connect();
  {
    auto ends = server.connect();
    ends.raw().shut_down();
    server.await_closed_for(close_reason::peer_gone);
  }
  server.connect().raw().reset();
  server.await_closed_for(close_reason::peer_reset);
  CHECK(server.size() == 1);
  stays.say("still here");
  CHECK(stays.text() == "still here");
}

TEST_CASE("server: what a client sends after its close frame is ignored", "[net][server]") {
  running_server server;
  auto leaving = server.connect();
  auto staying = server.connect();
  leaving.write(client_frame{.payload = "before"}.bytes() + client_frame::closing(1000) +
                client_frame{.payload = "after"}.bytes());
  leaving.raw().shut_down();
  CHECK(staying.text() == "before");
  server.await_size(1);
  staying.say("end");
  CHECK(staying.text() == "end");
}
