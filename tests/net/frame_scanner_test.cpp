// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/frame_scanner.hpp>

#include "net/support/client_frame.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {
std::ostream& operator<<(std::ostream& out, close_reason reason) {
  return out << to_string(reason);
}
} // namespace troupe

namespace {

using troupe::close_reason;
using troupe::net::frame_scanner;
using frame = troupe::tests::client_frame;

constexpr frame_scanner::limits generous{1 << 20, 1024};

/// What a stream of bytes amounts to.
struct finding {
  close_reason reason = close_reason::none;
  std::size_t bytes = 0; ///< Up to and with the one that was wrong.
  std::uint64_t messages = 0;
  bool in_message = false;

  friend bool operator==(const finding&, const finding&) = default;
};

std::ostream& operator<<(std::ostream& out, const finding& f) {
  return out << f.reason << " after " << f.bytes << " bytes, " << f.messages << " messages, "
             << (f.in_message ? "in" : "between");
}

/// Scans in pieces of sizes that `next_size` gives.
template <class NextSize>
finding scan(std::string_view bytes, const frame_scanner::limits& allowed, NextSize next_size) {
  frame_scanner scanner;
  finding f;
  while (f.bytes < bytes.size() && f.reason == close_reason::none) {
    const auto piece = bytes.substr(f.bytes, next_size());
    f.bytes += piece.size();
    f.reason = scanner.scan(piece, allowed);
  }
  f.messages = scanner.messages();
  f.in_message = scanner.in_message();
  return f;
}

finding scan_bytes(std::string_view bytes, const frame_scanner::limits& allowed = generous) {
  return scan(bytes, allowed, [] { return 1; });
}

close_reason verdict(std::string_view bytes, const frame_scanner::limits& allowed = generous) {
  frame_scanner scanner;
  const auto whole = scanner.scan(bytes, allowed);
  CHECK(scan_bytes(bytes, allowed).reason == whole);
  return whole;
}

/// The rules once more, with all bytes at hand.
finding parse(std::string_view bytes, const frame_scanner::limits& allowed) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  finding f;
  std::vector<std::uint64_t> open; // lengths of the fragments of a message
  for (std::size_t begin = 0; begin < bytes.size();) {
    if (open.empty())
      ++f.messages;
    f.in_message = true;
    f.bytes = bytes.size();
    if (bytes.size() - begin < 2)
      return f;
    const bool final = at(begin) >= 0x80;
    const bool control = (at(begin) & 0x08) != 0;
    const bool masked = at(begin + 1) >= 0x80;
    std::uint64_t length = at(begin + 1) % 128;
    const std::size_t extended = length == 127 ? 8 : length == 126 ? 2 : 0;
    const auto body = begin + 2 + extended + (masked ? 4 : 0);
    if (bytes.size() < body)
      return f;
    if (extended != 0)
      length = 0;
    for (std::size_t i = 0; i < extended; ++i)
      length = length * 256 + at(begin + 2 + i);
    const auto wrong = [&](close_reason why, std::size_t end) {
      f.reason = why;
      f.bytes = end;
      return f;
    };
    if (!masked || length > INT64_MAX || (control && length > 125))
      return wrong(close_reason::protocol_error, body);
    if (!control) {
      open.push_back(length);
      std::uint64_t sum = 0;
      for (const auto fragment : open) {
        if (fragment > allowed.max_message_bytes)
          return wrong(close_reason::message_too_big, body);
        sum += fragment;
      }
      if (sum > allowed.max_message_bytes)
        return wrong(close_reason::message_too_big, body);
      if (open.size() > allowed.max_fragments)
        return wrong(close_reason::too_many_fragments, body);
      if (final)
        open.clear();
    }
    if ((at(begin) & 0x0f) == 8 && length >= 2 && bytes.size() >= body + 2) {
      const auto code = (at(body) ^ at(body - 4)) * 256 + (at(body + 1) ^ at(body - 3));
      if (code >= 5000)
        return wrong(close_reason::protocol_error, body + 2);
    }
    if (bytes.size() - body < length)
      return f;
    f.in_message = !open.empty();
    begin = body + length;
  }
  f.bytes = bytes.size();
  return f;
}

std::string fragment(std::string_view payload, bool first = false) {
  return frame{
      .type = first ? frame::text : frame::continuation, .payload = payload, .final = false}
      .bytes();
}

} // namespace

TEST_CASE("frame_scanner: lengths up to the limit pass in every form", "[net][frame_scanner]") {
  for (const std::size_t length : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 70000U}) {
    CAPTURE(length);
    const std::string payload(length, 'x');
    for (const std::size_t form : {0U, 2U, 8U}) {
      if (form == 2 && length > 0xffff)
        continue;
      CHECK(verdict(frame{.payload = payload, .length_bytes = form}.bytes(), {length, 1}) ==
            close_reason::none);
      if (length == 0)
        continue;
      CHECK(verdict(frame{.payload = payload, .length_bytes = form}.bytes(), {length - 1, 1}) ==
            close_reason::message_too_big);
    }
  }
}

TEST_CASE("frame_scanner: a claim beyond the limit is refused with its last header byte",
          "[net][frame_scanner]") {
  for (const bool deflated : {false, true}) {
    for (const int bits : {21, 31, 32, 33, 62}) {
      const auto header = frame{.deflated = deflated, .claimed = std::uint64_t{1} << bits}.bytes();
      REQUIRE(header.size() == 14);
      CHECK(scan_bytes(header) == finding{close_reason::message_too_big, 14, 1, false});
      CHECK(scan_bytes(std::string_view{header}.substr(0, 13)).reason == close_reason::none);
    }
    for (const auto length : {std::uint64_t{1} << 63, ~std::uint64_t{0}}) // the top bit must be 0
      CHECK(verdict(frame{.deflated = deflated, .claimed = length}.bytes()) ==
            close_reason::protocol_error);
  }
}

TEST_CASE("frame_scanner: fragments of a message are summed up and counted",
          "[net][frame_scanner]") {
  const auto end = frame{.type = frame::continuation, .payload = "1234"}.bytes();
  const auto ping = frame{.type = frame::ping, .payload = std::string_view{"12345678"}}.bytes();
  const auto three = fragment("123", true) + ping + fragment("123") + ping + end;
  CHECK(verdict(three, {10, 3}) == close_reason::none);
  CHECK(verdict(three + three, {10, 3}) == close_reason::none); // each message anew
  CHECK(verdict(three, {9, 3}) == close_reason::message_too_big);
  CHECK(verdict(three, {10, 2}) == close_reason::too_many_fragments);
  std::string flood = fragment("", true);
  for (int i = 1; i < 1024; ++i)
    flood += fragment("");
  CHECK(verdict(flood) == close_reason::none);
  CHECK(verdict(flood + fragment("")) == close_reason::too_many_fragments);
}

TEST_CASE("frame_scanner: claims of fragments cannot wrap around", "[net][frame_scanner]") {
  const frame_scanner::limits any{INT64_MAX, 1024};
  const auto half = frame{.final = false, .claimed = std::uint64_t{1} << 62}.bytes();
  frame_scanner scanner;
  REQUIRE(scanner.scan(half, any) == close_reason::none);
  REQUIRE(scanner.in_message());
  CHECK(verdict(fragment("1", true) +
                    frame{.type = frame::continuation, .claimed = INT64_MAX}.bytes(),
                any) == close_reason::message_too_big);
}

TEST_CASE("frame_scanner: a frame without a mask is refused, a mask of zeros is not",
          "[net][frame_scanner]") {
  for (const std::uint8_t type :
       {frame::text, frame::binary, frame::continuation, frame::ping, frame::pong, frame::close}) {
    CAPTURE(int{type});
    CHECK(scan_bytes(frame{.type = type, .payload = "hello", .masked = false}.bytes()).bytes == 2);
    CHECK(verdict(frame{.type = type, .payload = "hello", .masked = false}.bytes()) ==
          close_reason::protocol_error);
    CHECK(verdict(frame{.type = type, .masked = false}.bytes()) == close_reason::protocol_error);
    CHECK(verdict(frame{.type = type, .mask = {0, 0, 0, 0}}.bytes()) == close_reason::none);
  }
}

TEST_CASE("frame_scanner: control frames carry at most 125 bytes, whatever the message limit",
          "[net][frame_scanner]") {
  for (const std::uint8_t type : {frame::ping, frame::pong}) {
    const std::string most(125, 'p');
    CHECK(verdict(frame{.type = type, .payload = most}.bytes(), {10, 1}) == close_reason::none);
    CHECK(verdict(frame{.type = type, .claimed = 126}.bytes()) == close_reason::protocol_error);
    CHECK(verdict(frame{.type = type, .claimed = std::uint64_t{1} << 62}.bytes()) ==
          close_reason::protocol_error);
  }
}

TEST_CASE("frame_scanner: close codes of 5000 and above are refused", "[net][frame_scanner]") {
  for (const std::uint16_t code : {1000, 1001, 1011, 3000, 4999}) {
    CAPTURE(code);
    CHECK(verdict(frame::closing(code)) == close_reason::none);
    CHECK(verdict(frame::closing(code, "bye")) == close_reason::none);
  }
  for (const std::uint16_t code : {5000, 5001, 0x8000, 65535}) {
    CAPTURE(code);
    const auto bytes = frame::closing(code, "bye");
    CHECK(verdict(bytes) == close_reason::protocol_error);
    CHECK(scan_bytes(bytes).bytes == 6 + 2); // not a byte later than it can be seen
  }
  CHECK(verdict(frame{.type = frame::close}.bytes()) == close_reason::none);
}

TEST_CASE("frame_scanner: only what is unfinished counts as being in a message",
          "[net][frame_scanner]") {
  const auto message = frame{.payload = "hello"}.bytes();
  const auto ping = frame{.type = frame::ping, .payload = "hello"}.bytes();
  for (const auto& whole :
       {message, ping, message + ping,
        fragment("a", true) + ping + frame{.type = frame::continuation}.bytes()}) {
    frame_scanner scanner;
    CHECK_FALSE(scanner.in_message());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      REQUIRE(scanner.scan(std::string_view{whole}.substr(i, 1), generous) == close_reason::none);
      const bool between =
          i + 1 == whole.size() || (whole == message + ping && i + 1 == message.size());
      CHECK(scanner.in_message() == !between);
    }
  }
}

TEST_CASE("frame_scanner: tells how many messages are finished, and whether the last byte finished one",
          "[net][frame_scanner]") {
  const auto message = frame{.payload = "hello"}.bytes();
  const auto ping = frame{.type = frame::ping}.bytes();
  const auto end = frame{.type = frame::continuation}.bytes();
  struct step {
    std::string bytes;
    std::uint32_t finished;
    bool ends;
  };
  frame_scanner scanner;
  CHECK_FALSE(scanner.ends_with_message());
  for (const auto& [bytes, finished, ends] : std::vector<step>{{message, 1, true},
                                                               {ping, 1, false},
                                                               {message + message, 3, true},
                                                               {fragment("a", true), 3, false},
                                                               {ping + fragment("b"), 3, false},
                                                               {end, 4, true},
                                                               {message + ping, 5, false},
                                                               {message.substr(0, 8), 6, false},
                                                               {message.substr(8), 6, true}}) {
    REQUIRE(scanner.scan(bytes, generous) == close_reason::none);
    CHECK(scanner.finished() == finished);
    CHECK(scanner.ends_with_message() == ends);
  }
}

TEST_CASE("frame_scanner: only whole messages of one frame each are known to be messages", "[net][frame_scanner]") {
  const auto text = [](std::string_view payload) { return frame{.payload = payload}.bytes(); };
  const auto binary = [](std::string_view payload) { return frame{.type = frame::binary, .payload = payload}.bytes(); };
  const std::string longer(126, 'x'), longest(70'000, 'x');
  for (const auto& bytes : {text(""), text("hello"), binary("hello"), text(longer), binary(longest),
                            text("one") + binary("") + text(longer),
                            frame{.payload = "hello", .length_bytes = 8}.bytes()}) // Beast refuses that
    CHECK(frame_scanner::are_messages(bytes));
  for (const auto& bytes :
       {std::string{}, text("hello").substr(0, 1), text("hello").substr(0, 5), text("hello").substr(0, 10),
        text(longer).substr(0, 3), text(longest).substr(0, 100), text("one") + text("two").substr(0, 1),
        text("one") + frame{.type = frame::ping}.bytes(), frame{.type = frame::pong}.bytes() + text("one"),
        frame{.payload = "hello", .masked = false}.bytes(), frame{.payload = "hello", .final = false}.bytes(),
        frame{.payload = "hello", .deflated = true}.bytes(), frame{.type = frame::continuation, .payload = "hello"}.bytes(),
        frame{.type = frame::close}.bytes(), frame{.payload = "hello", .claimed = ~std::uint64_t{}}.bytes()})
    CHECK_FALSE(frame_scanner::are_messages(bytes));
}

TEST_CASE("frame_scanner: only whole and masked pings and pongs are heartbeats", "[net][frame_scanner]") {
  const auto ping = [](std::string_view payload) { return frame{.type = frame::ping, .payload = payload}.bytes(); };
  const auto pong = [](std::string_view payload) { return frame{.type = frame::pong, .payload = payload}.bytes(); };
  const std::string longest(125, 'p');
  for (const auto& bytes : {pong(""), ping("hello"), pong(longest), ping(longest), ping("one") + pong("") + ping("two")})
    CHECK(frame_scanner::are_heartbeats(bytes));
  auto compressed = pong("hello");
  compressed[0] |= 0x40;
  for (const auto& bytes :
       {std::string{}, ping("hello").substr(0, 10), pong("one") + ping("two").substr(0, 1), ping(longest + "p"), compressed,
        pong("hello") + frame{.payload = "hello"}.bytes(), frame{.payload = "hello"}.bytes() + ping("hello"),
        frame{.type = frame::ping, .payload = "hello", .masked = false}.bytes(),
        frame{.type = frame::pong, .payload = "hello", .final = false}.bytes(),
        frame{.type = frame::ping, .payload = "hello", .length_bytes = 2}.bytes(),
        frame{.type = frame::close, .payload = ""}.bytes()})
    CHECK_FALSE(frame_scanner::are_heartbeats(bytes));
}

TEST_CASE("frame_scanner: heartbeats are taken one by one, with their payload unmasked", "[net][frame_scanner]") {
  const std::string longest(125, 'p');
  const auto message = frame{.payload = "hello"}.bytes();
  const auto bytes = frame{.type = frame::ping, .payload = longest}.bytes() +
                     frame{.type = frame::pong, .payload = ""}.bytes() +
                     frame{.type = frame::ping, .payload = "two"}.bytes() + message;
  std::string_view left{bytes};
  for (const auto& [is_ping, payload] : std::vector<std::pair<bool, std::string>>{{true, longest}, {false, ""}, {true, "two"}}) {
    const auto taken = frame_scanner::take_heartbeat(left);
    REQUIRE(taken);
    CHECK(taken->is_ping == is_ping);
    CHECK(taken->payload() == payload);
  }
  CHECK_FALSE(frame_scanner::take_heartbeat(left));
  CHECK(left == message);
}

TEST_CASE("frame_scanner: a message has one number from its first byte to its last",
          "[net][frame_scanner]") {
  const auto ping = frame{.type = frame::ping, .payload = "hello"}.bytes();
  const auto split = fragment("a", true) + ping + fragment("b") + ping +
                     frame{.type = frame::continuation, .payload = "c"}.bytes();
  frame_scanner scanner;
  std::uint64_t number = 0;
  // A control frame between messages counts too: else whoever is amid one at every look seemed
  // stuck.
  for (const auto& whole : {frame{.payload = "hello"}.bytes(), split, ping, split, ping}) {
    ++number;
    for (const char byte : whole) {
      REQUIRE(scanner.scan({&byte, 1}, generous) == close_reason::none);
      CHECK(scanner.messages() == number);
    }
  }
}

TEST_CASE("frame_scanner: however a stream is cut, the rules hold at the same byte",
          "[net][frame_scanner]") {
  std::mt19937_64 random{20240601}; // the same streams at every run
  const auto below = [&](std::uint64_t n) { return random() % n; };
  std::size_t by_reason[troupe::close_reasons.size()] = {};
  for (int round = 0; round < 20'000; ++round) {
    const frame_scanner::limits allowed{below(300), 1 + below(6)};
    std::string stream;
    const auto frames = 1 + below(8);
    for (std::uint64_t i = 0; i < frames; ++i) {
      static constexpr std::uint8_t types[] = {0, 0, 1, 2, 8, 9, 10, 3, 11, 15};
      std::string payload(below(4) == 0 ? below(300) : below(20), '\0');
      for (auto& c : payload)
        c = static_cast<char>(random());
      const auto type = types[below(std::size(types))];
      if (type >= 8 && below(8) != 0)
        payload.resize(std::min<std::size_t>(payload.size(), 125));
      if (type == 8 && payload.size() >= 2 && below(2) == 0)
        payload[0] = static_cast<char>(below(20));
      frame f{.type = type,
              .payload = payload,
              .final = type >= 8 || below(2) == 0,
              .deflated = below(4) == 0,
              .masked = below(30) != 0};
      for (auto& m : f.mask)
        m = static_cast<std::uint8_t>(random());
      if (below(20) == 0)
        f.claimed = random() >> below(64);
      if (below(4) == 0 && f.claimed.value_or(payload.size()) <= 0xffff)
        f.length_bytes = 2;
      if (below(4) == 0)
        f.length_bytes = 8;
      stream += f.bytes();
    }
    if (below(4) == 0)
      stream[below(stream.size())] = static_cast<char>(random());
    stream.resize(stream.size() - below(2) * below(stream.size()));
    CAPTURE(round, allowed.max_message_bytes, allowed.max_fragments);
    const auto expected = parse(stream, allowed);
    ++by_reason[static_cast<std::size_t>(expected.reason)];
    const auto bytewise = scan_bytes(stream, allowed);
    CHECK(bytewise.reason == expected.reason);
    CHECK(bytewise.bytes == expected.bytes);
    if (expected.reason == close_reason::none)
      CHECK(bytewise == expected);
    const auto pieces = scan(stream, allowed, [&] { return 1 + below(40); });
    CHECK(pieces.reason == expected.reason);
    if (expected.reason == close_reason::none)
      CHECK(pieces == expected);
  }
  for (const auto reason : {close_reason::none, close_reason::protocol_error,
                            close_reason::message_too_big, close_reason::too_many_fragments})
    CHECK(by_reason[static_cast<std::size_t>(reason)] >
          500); // the streams are neither all good nor all bad
}
