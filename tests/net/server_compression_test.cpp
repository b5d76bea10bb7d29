// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "net/support/inflate.hpp"
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <random>
#include <string>

namespace {

using namespace troupe;
using namespace troupe::tests;

net::server_options compressing() {
  auto o = quiet();
  o.websocket.compression = true;
  o.websocket.compression_min_bytes = 100;
  o.websocket.max_message_bytes = 1 << 20;
  return o;
}

client_options offering(const std::string& offer) {
  return {.headers = {"Sec-WebSocket-Extensions: " + offer}, .line = {}};
}

std::string agreed(const wire_client& client) {
  const auto found = client.answer().headers.find("sec-websocket-extensions");
  return found == client.answer().headers.end() ? "" : found->second;
}

std::string repetitive(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i)
    text += "message " + std::to_string(i % 17) + ", ";
  text.resize(bytes);
  return text;
}

} // namespace

TEST_CASE("server: compression is agreed on without context takeover, or not at all",
          "[net][compression]") {
  running_server server{compressing()};
  CHECK(agreed(server.connect(offering("permessage-deflate"))) ==
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  CHECK(agreed(server.connect()).empty());
  CHECK(agreed(server.connect(offering("x-webkit-deflate-frame"))).empty());
  CHECK(agreed(server.connect(offering("permessage-deflate; server_max_window_bits=99"))).empty());
  running_server without;
  CHECK(agreed(without.connect(offering("permessage-deflate"))).empty());
}

TEST_CASE("server: one broadcast is deflated for those who agreed and plain for the others",
          "[net][compression]") {
  running_server server{compressing()};
  auto deflating = server.connect(offering("permessage-deflate"));
  auto deflating_too = server.connect(offering("permessage-deflate; client_max_window_bits"));
  auto plain = server.connect();
  const auto text = repetitive(5000);
  for (int i = 0; i < 3; ++i) { // no message leans on the one before
    plain.say(text);
    CHECK(plain.text() == text);
    const auto first = deflating.message();
    CHECK(first.deflated);
    CHECK(first.payload.size() < text.size() / 4);
    CHECK(inflate(first.payload) == text);
    CHECK(deflating_too.message() == first);
  }
}

TEST_CASE("server: what clients compress arrives as they meant it", "[net][compression]") {
  running_server server{compressing()};
  auto deflating = server.connect(offering("permessage-deflate"));
  auto plain = server.connect();
  for (const std::size_t size : {0U, 1U, 99U, 256U, 257U, 10'000U, 300'000U}) {
    CAPTURE(size);
    const auto text = repetitive(size);
    const auto payload = deflate_payload(text);
    // In fragments: RSV1 is on the first one only.
    deflating.send({.payload = std::string_view{payload}.substr(0, payload.size() / 2),
                    .final = false,
                    .deflated = true});
    deflating.send({.type = client_frame::continuation,
                    .payload = std::string_view{payload}.substr(payload.size() / 2)});
    CHECK(plain.text() == text);
    const auto echo = deflating.message();
    CHECK(echo.deflated == (size >= 100));
    CHECK((echo.deflated ? inflate(echo.payload) : echo.payload) == text);
  }
  deflating.say("not compressed, as anyone may");
  CHECK(plain.text() == "not compressed, as anyone may");
}

TEST_CASE("server: messages that queued up behind each other are each deflated",
          "[net][compression]") {
  running_server server{compressing()};
  auto client = server.connect(offering("permessage-deflate"));
  for (int i = 0; i < 200; ++i)
    server.send(target::everyone(),
                i % 2 == 0 ? repetitive(200 + static_cast<std::size_t>(i)) : "short");
  for (int i = 0; i < 200; ++i) {
    const auto m = client.message();
    REQUIRE(m.deflated == (i % 2 == 0));
    if (m.deflated)
      REQUIRE(inflate(m.payload) == repetitive(200 + static_cast<std::size_t>(i)));
  }
}

TEST_CASE("server: a client with a small window can read what it gets", "[net][compression]") {
  running_server server{compressing()};
  auto small = server.connect(offering("permessage-deflate; server_max_window_bits=9"));
  // What repeats is 2,000 bytes apart: a match beyond a window of 512.
  std::mt19937_64 random{3};
  std::string text(2000, '\0');
  for (auto& c : text)
    c = static_cast<char>('a' + random() % 26);
  text += text + text;
  server.send(target::everyone(), text);
  const auto m = small.message();
  CHECK((m.deflated ? inflate(m.payload, 9) : m.payload) == text);
}
