// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a hostile client can say: each is refused with its code, and nobody else notices.
#include "net/support/inflate.hpp"
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>

namespace {

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;

const client_options with_compression{.headers = {"Sec-WebSocket-Extensions: permessage-deflate"},
                                      .line = {}};

net::server_options compressing() {
  auto o = quiet();
  o.websocket.compression = true;
  return o;
}

/// A client says `bytes` and is closed with `code`; a healthy one and the server live on.
void check_refusal(running_server& server, const client_options& options, std::string_view bytes,
                   int code, close_reason reason) {
  auto healthy = server.connect();
  auto hostile = server.connect(options);
  const auto before = server.closed_for(reason);
  hostile.write(bytes);
  const auto close = hostile.closing();
  CHECK(close.close_code() == code);
  if (!close.close_text().empty())
    CHECK(close.close_text() == info(reason).text); // Beast gives none
  CHECK(hostile.ends());
  CHECK_FALSE(hostile.raw().was_reset());
  hostile.raw().shut_down();
  server.await_closed_for(reason, before + 1);
  healthy.say("unharmed"); // and nothing of the hostile one was delivered
  CHECK(healthy.text() == "unharmed");
}

} // namespace

TEST_CASE("server: a compressed frame that claims 2^62 bytes is refused, and the process lives",
          "[net][limits]") {
  running_server server{compressing()};
  // What Beast 1.81 dies of: some bytes that inflate to 5,000 under a header that claims more than
  // there is.
  const auto few = deflate_payload(std::string(5000, 'x'));
  const client_frame bomb{.payload = few, .deflated = true, .claimed = std::uint64_t{1} << 62};
  check_refusal(server, with_compression, bomb.bytes(), 1009, close_reason::message_too_big);
}

TEST_CASE("server: a claim beyond the limit is refused at its header", "[net][limits]") {
  running_server server{compressing()};
  for (const bool deflated : {false, true})
    for (const std::uint64_t claimed :
         {64ULL * 1024 + 1, 1ULL << 31, (1ULL << 32) + 5, 1ULL << 62}) {
      CAPTURE(deflated, claimed);
      check_refusal(server, with_compression,
                    client_frame{.deflated = deflated, .claimed = claimed}.bytes(), 1009,
                    close_reason::message_too_big);
    }
  for (const std::uint64_t claimed : {1ULL << 63, ~0ULL})
    check_refusal(server, with_compression, client_frame{.claimed = claimed}.bytes(), 1002,
                  close_reason::protocol_error);
}

TEST_CASE("server: a message that inflates beyond the limit is refused", "[net][limits]") {
  running_server server{compressing()};
  const auto bomb = deflate_payload(std::string(10'000'000, 'x'));
  REQUIRE(bomb.size() < 64 * 1024);
  check_refusal(server, with_compression, client_frame{.payload = bomb, .deflated = true}.bytes(),
                1009, close_reason::message_too_big);
  auto honest = server.connect(with_compression);
  honest.send({.payload = deflate_payload(std::string(64 * 1024, 'x')), .deflated = true});
  CHECK(inflate(honest.message().payload) == std::string(64 * 1024, 'x'));
}

TEST_CASE("server: bytes that are no deflate stream are a protocol error", "[net][limits]") {
  running_server server{compressing()};
  for (const auto* garbage : {"\xff\xff\xff\xff\xff\xff", "\x07garbage", "\x05"}) {
    CAPTURE(garbage);
    check_refusal(server, with_compression,
                  client_frame{.payload = garbage, .deflated = true}.bytes(), 1002,
                  close_reason::protocol_error);
  }
}

TEST_CASE("server: frames against the protocol are closed with 1002", "[net][limits]") {
  running_server server{compressing()};
  const struct {
    const char* what;
    std::string bytes;
  } table[] = {
      {"an unmasked text", client_frame{.payload = "x", .masked = false}.bytes()},
      {"an unmasked close", client_frame{.type = client_frame::close, .masked = false}.bytes()},
      {"a reserved opcode", client_frame{.type = 3}.bytes()},
      {"a reserved control opcode", client_frame{.type = 11}.bytes()},
      {"a continuation of nothing",
       client_frame{.type = client_frame::continuation, .payload = "x"}.bytes()},
      {"a message inside a message",
       client_frame{.payload = "x", .final = false}.bytes() + client_frame{.payload = "y"}.bytes()},
      {"a fragmented ping", client_frame{.type = client_frame::ping, .final = false}.bytes()},
      {"a long ping", client_frame{.type = client_frame::ping, .claimed = 126}.bytes()},
      {"a compressed ping", client_frame{.type = client_frame::ping, .deflated = true}.bytes()},
      {"a close of one byte", client_frame{.type = client_frame::close, .payload = "\x03"}.bytes()},
      {"a close with 999", client_frame::closing(999)},
      {"a close with 1005", client_frame::closing(1005)},
      {"a close with 1006", client_frame::closing(1006)},
      {"a close with 2999", client_frame::closing(2999)},
      {"a close with 5000", client_frame::closing(5000)},
      {"a close with 65535", client_frame::closing(65535)},
      {"RSV2", "\xa1\x80\x01\x02\x03\x04"},
      {"a length in too long a form", client_frame{.payload = "x", .length_bytes = 8}.bytes()},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    check_refusal(server, with_compression, row.bytes, 1002, close_reason::protocol_error);
  }
  check_refusal(server, {}, client_frame{.payload = "x", .deflated = true}.bytes(), 1002,
                close_reason::protocol_error);
}

TEST_CASE("server: text that is not UTF-8 is closed with 1007", "[net][limits]") {
  running_server server;
  check_refusal(server, {}, client_frame{.payload = "\xff"}.bytes(), 1007,
                close_reason::invalid_utf8);
  check_refusal(server, {},
                client_frame{.payload = "\xc3", .final = false}.bytes() +
                    client_frame{.type = client_frame::continuation, .payload = "("}.bytes(),
                1007, close_reason::invalid_utf8);
}

TEST_CASE("server: fragments are counted and summed up", "[net][limits]") {
  auto o = quiet();
  o.websocket.max_fragments = 8;
  o.websocket.max_message_bytes = 100;
  running_server server{o};
  const auto fragments = [](int n, std::size_t size) {
    std::string bytes;
    const std::string payload(size, 'x');
    for (int i = 0; i < n; ++i)
      bytes += client_frame{.type = i == 0 ? client_frame::text : client_frame::continuation,
                            .payload = payload,
                            .final = false}
                   .bytes();
    return bytes;
  };
  check_refusal(server, {}, fragments(9, 0), 1009, close_reason::too_many_fragments);
  check_refusal(server, {}, fragments(3, 34), 1009, close_reason::message_too_big);
}

TEST_CASE("server: a close frame gets through although the client goes on sending",
          "[net][limits]") {
  running_server server;
  auto hostile = server.connect();
  hostile.write(client_frame{.claimed = 1ULL << 40}.bytes() + std::string(1 << 20, 'x'));
  CHECK(hostile.closing().close_code() == 1009);
  CHECK(hostile.ends());
  CHECK_FALSE(hostile.raw().was_reset());
}

TEST_CASE("server: a message that is not finished in time is closed, pings or not",
          "[net][limits]") {
  auto o = quiet();
  o.websocket.message_timeout = 500ms;
  running_server server{o};
  const std::string ping = client_frame{.type = client_frame::ping}.bytes();
  const auto begun = client_frame{.payload = "begun", .final = false}.bytes();
  for (const auto& [what, bytes, drip] :
       {std::tuple{"silence", begun, std::string{}},
        {"pings", begun, ping},
        {"half a header", std::string{"\x81"}, std::string{}},
        {"half a payload", client_frame{.payload = "begun"}.bytes().substr(0, 8), std::string{}}}) {
    CAPTURE(what);
    auto client = server.connect();
    const auto begin = std::chrono::steady_clock::now();
    client.write(bytes);
    std::thread dripping{[&] { // for twice the timeout
      for (int i = 0; i < 20 && !drip.empty(); ++i) {
        client.raw().write_some(drip);
        std::this_thread::sleep_for(50ms);
      }
    }};
    const auto close = client.closing();
    const auto took = std::chrono::steady_clock::now() - begin;
    dripping.join();
    CHECK(close.close_code() == 1008);
    CHECK(close.close_text() == "message timeout");
    CHECK(took >= 500ms);
    CHECK(took < 900ms);
  }
}

TEST_CASE("server: the time for a message runs from its first byte", "[net][limits]") {
  auto o = quiet();
  o.websocket.message_timeout = 600ms;
  running_server server{o};
  auto client = server.connect();
  const auto message = client_frame{.payload = "in two halves"}.bytes();
  const auto begin = std::chrono::steady_clock::now();
  client.write(message.substr(0, 1));
  std::this_thread::sleep_for(400ms);
  client.write(message.substr(1, 9)); // the header is whole now
  CHECK(client.closing().close_code() == 1008);
  CHECK(std::chrono::steady_clock::now() - begin < 900ms);
}

TEST_CASE("server: messages that each come in time are not taken for one that does not",
          "[net][limits]") {
  auto o = quiet();
  o.websocket.message_timeout = 300ms;
  running_server server{o};
  auto client = server.connect();
  // At every look of the server another message is underway.
  const auto message = client_frame{.payload = "abcdefgh"}.bytes();
  client.write(message.substr(0, 5));
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(50ms);
    client.write(message.substr(5) + message.substr(0, 5));
    CHECK(client.text() == "abcdefgh");
  }
}

TEST_CASE("server: a connection that is no upgrade in time is closed", "[net][limits]") {
  auto o = quiet();
  o.limit.handshake_timeout = 300ms;
  running_server server{o};
  for (const std::string_view said : {"", "GET /ws HTT"}) {
    const auto begin = std::chrono::steady_clock::now();
    tcp_line client{server.port()};
    client.write(said);
    CHECK(client.read_to_end().empty());
    CHECK(std::chrono::steady_clock::now() - begin >= 290ms);
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
  }
}

TEST_CASE("server: the limits of the node and of an address have their answers", "[net][limits]") {
  auto o = quiet();
  o.limit.connections = 3;
  o.limit.connections_per_address = 2;
  running_server server{o};
  auto one = server.connect();
  auto two = server.connect();
  const auto status = [&](const char* source) {
    tcp_line l{server.port(), {.source = source}};
    return ask(l, upgrade_request()).status;
  };
  CHECK(status("127.0.0.1") == 429);
  std::optional<wire_client> three;
  running_server::await(
      [&]() -> bool {
        try {
          three.emplace(server.port(),
                        client_options{.headers = {}, .line = {.source = "127.0.0.2"}});
        } catch (const std::runtime_error&) {
        }
        return three.has_value();
      },
      "the refused one's place is free");
  CHECK(status("127.0.0.3") == 503);
  one.raw().reset();
  server.await_size(2);
  running_server::await([&] { return status("127.0.0.1") == 101; }, "a place is free");
}
