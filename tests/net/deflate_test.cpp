// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/deflate.hpp>
#include <troupe/testing/wire_reader.hpp>

#include "net/support/inflate.hpp"
#include "support/catch.hpp"

#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using troupe::delivery;
using troupe::delivery_ptr;
using troupe::frame;
using troupe::opcode;
using troupe::net::deflated;
using troupe::testing::wire_message;
using troupe::testing::wire_reader;
using troupe::tests::inflate;

delivery_ptr deliver(frame message) {
  return delivery_ptr{new delivery(troupe::target::group("g"), std::move(message), {3, 2, 1},
                                   troupe::overflow::latest_per_key, "key"),
                      false};
}

delivery_ptr deliver(std::string_view text) {
  return deliver(frame::encode(opcode::text, text));
}

std::vector<wire_message> on_the_wire(const delivery_ptr& what) {
  wire_reader reader;
  reader.feed(what->message.bytes());
  std::vector<wire_message> messages;
  while (auto m = reader.next())
    messages.push_back(std::move(*m));
  CHECK(reader.pending_bytes() == 0);
  return messages;
}

std::string repetitive(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i)
    text += "message " + std::to_string(i % 17) + ", ";
  text.resize(bytes);
  return text;
}

std::string noise(std::size_t bytes) {
  std::mt19937_64 random{7};
  std::string text(bytes, '\0');
  for (auto& c : text)
    c = static_cast<char>(random());
  return text;
}

} // namespace

TEST_CASE("deflate: a client that inflates gets back what was sent", "[net][deflate]") {
  for (const std::size_t bytes : {40U, 128U, 1000U, 32'768U, 65'536U, 1'000'000U}) {
    CAPTURE(bytes);
    const auto text = repetitive(bytes);
    for (const auto type : {opcode::text, opcode::binary}) {
      const auto messages = on_the_wire(deflated(deliver(frame::encode(type, text)), 0));
      REQUIRE(messages.size() == 1);
      CHECK(messages[0].deflated);
      CHECK(messages[0].type == type);
      CHECK(messages[0].payload.size() < bytes);
      CHECK(inflate(messages[0].payload) == text);
    }
  }
}

TEST_CASE("deflate: each message can be inflated without the ones before", "[net][deflate]") {
  const auto text = repetitive(500);
  const auto first = on_the_wire(deflated(deliver(text), 0)).at(0);
  const auto second = on_the_wire(deflated(deliver(text), 0)).at(0);
  CHECK(first == second);
}

TEST_CASE("deflate: what is short or would not shrink stays as it is", "[net][deflate]") {
  const auto text = repetitive(200);
  CHECK(on_the_wire(deflated(deliver(text), 200)).at(0).deflated);
  CHECK(on_the_wire(deflated(deliver(text), 201)).at(0) == wire_message{opcode::text, text, false});
  for (const auto& stays : {std::string{}, std::string{"x"}, noise(100), noise(100'000)})
    CHECK(on_the_wire(deflated(deliver(stays), 0)).at(0) ==
          wire_message{opcode::text, stays, false});
}

TEST_CASE("deflate: of a joined delivery every message is treated by itself and in order",
          "[net][deflate]") {
  const std::vector<frame> parts{frame::encode(opcode::text, repetitive(300)),
                                 frame::encode(opcode::text, "short"),
                                 frame::encode(opcode::binary, repetitive(400))};
  const auto what = deflated(deliver(frame::join(parts)), 100);
  const auto messages = on_the_wire(what);
  REQUIRE(messages.size() == 3);
  CHECK(inflate(messages[0].payload) == repetitive(300));
  CHECK(messages[1] == wire_message{opcode::text, "short", false});
  CHECK(messages[2].type == opcode::binary);
  CHECK(inflate(messages[2].payload) == repetitive(400));
  CHECK(what->message.count() == 3);
}

TEST_CASE("deflate: the sibling is for the same connections under the same policy",
          "[net][deflate]") {
  const auto what = deliver(repetitive(300));
  const auto sibling = deflated(what, 0);
  CHECK(sibling->to == what->to);
  CHECK(sibling->exclude == what->exclude);
  CHECK(sibling->policy == what->policy);
  CHECK(sibling->key == what->key);
  CHECK_FALSE(on_the_wire(what).at(0).deflated); // for those who did not negotiate it
}

TEST_CASE("deflate: all who ask, on any thread, share one sibling", "[net][deflate]") {
  for (int round = 0; round < 50; ++round) {
    const auto what = deliver(repetitive(2000));
    std::vector<delivery_ptr> got(4);
    std::vector<std::thread> loops;
    for (auto& g : got)
      loops.emplace_back([&what, &g] { g = deflated(what, 0); });
    for (auto& l : loops)
      l.join();
    for (const auto& g : got)
      REQUIRE(g.get() == got[0].get());
    CHECK(inflate(on_the_wire(got[0]).at(0).payload) == repetitive(2000));
  }
}
