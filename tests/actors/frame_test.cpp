// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/frame.hpp>
#include <troupe/frame_memory.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;

namespace {

std::string header_of(const frame& f) {
  return std::string{f.bytes().substr(0, f.bytes().size() - f.payload().size())};
}

std::string bytes(std::initializer_list<int> values) {
  std::string s;
  for (const auto v : values) s += static_cast<char>(v);
  return s;
}

} // namespace

TEST_CASE("frame: the length is written in the shortest of the three forms", "[actors][frame]") {
  const auto [size, header] = GENERATE(table<std::size_t, std::string>({
    {0, bytes({0x81, 0})},
    {1, bytes({0x81, 1})},
    {125, bytes({0x81, 125})},
    {126, bytes({0x81, 126, 0, 126})},
    {127, bytes({0x81, 126, 0, 127})},
    {65535, bytes({0x81, 126, 0xff, 0xff})},
    {65536, bytes({0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0})},
    {1'234'567, bytes({0x81, 127, 0, 0, 0, 0, 0, 0x12, 0xd6, 0x87})},
  }));
  std::string payload(size, 'x');
  for (std::size_t i = 0; i < size; i += 97) payload[i] = static_cast<char>(i);
  const auto f = frame::encode(opcode::text, payload);
  CHECK(header_of(f) == header);
  CHECK(f.payload() == payload);
  CHECK(f.bytes().size() == header.size() + size);
  CHECK(f.count() == 1);
  CHECK(f.type() == opcode::text);
  CHECK(f.parts().empty());
}

TEST_CASE("frame: the first byte holds FIN and the opcode", "[actors][frame]") {
  const auto [type, first] = GENERATE(table<opcode, int>({{opcode::text, 0x81}, {opcode::binary, 0x82},
    {opcode::close, 0x88}, {opcode::ping, 0x89}, {opcode::pong, 0x8a}}));
  const auto f = frame::encode(type, "abc");
  CHECK(f.bytes() == bytes({first, 3}) + "abc");
  CHECK(f.type() == type);
}

TEST_CASE("frame: a deflated payload is marked by RSV1", "[actors][frame]") {
  const auto f = frame::encode_deflated(opcode::text, "zz");
  CHECK(f.bytes() == bytes({0xc1, 2}) + "zz");
  CHECK(f.type() == opcode::text);
}

TEST_CASE("frame: raw bytes stay as they are", "[actors][frame]") {
  const auto raw = bytes({0x81, 1}) + "a";
  const auto f = frame::raw(raw);
  CHECK(f.bytes() == raw);
  CHECK(f.payload() == raw);
  CHECK(f.count() == 1);
  CHECK(f.type() == opcode::binary);
}

TEST_CASE("frame: the empty handle has no bytes, an empty message has", "[actors][frame]") {
  const frame none;
  CHECK_FALSE(none);
  CHECK(none.bytes().empty());
  CHECK(none.payload().empty());
  CHECK(none.count() == 0);
  CHECK(none.parts().empty());
  const auto empty = frame::encode(opcode::binary, {});
  CHECK(empty);
  CHECK(empty.bytes() == bytes({0x82, 0}));
  CHECK(empty.payload().empty());
  CHECK(empty.count() == 1);
  CHECK_FALSE(none == empty);
  CHECK(none == frame{});
}

TEST_CASE("frame: a joined frame is its parts in one piece and in order", "[actors][frame]") {
  const std::vector parts{frame::encode(opcode::text, "one"), frame::encode(opcode::binary, ""),
                          frame::encode(opcode::text, std::string(300, 'x'))};
  const auto joined = frame::join(parts);
  std::string expected;
  for (const auto& p : parts) expected += p.bytes();
  CHECK(joined.bytes() == expected);
  CHECK(joined.payload() == expected);
  CHECK(joined.count() == 3);
  REQUIRE(joined.parts().size() == 3);
  for (std::size_t i = 0; i < parts.size(); ++i) CHECK(joined.parts()[i] == parts[i]);
}

TEST_CASE("frame: joining joined frames adds up their counts", "[actors][frame]") {
  const auto a = frame::encode(opcode::text, "a");
  const auto two = frame::join(std::array{a, a});
  const auto five = frame::join(std::array{two, a, two});
  CHECK(five.count() == 5);
  CHECK(five.bytes().size() == 5 * a.bytes().size());
}

TEST_CASE("frame: joining nothing is no message", "[actors][frame]") {
  const auto joined = frame::join({});
  CHECK(joined);
  CHECK(joined.count() == 0);
  CHECK(joined.bytes().empty());
}

TEST_CASE("frame: copies share their bytes and outlive the first", "[actors][frame]") {
  auto first = frame::encode(opcode::text, "shared");
  auto second = first;
  CHECK(second.bytes().data() == first.bytes().data());
  first = frame{};
  CHECK(second.payload() == "shared");
  auto moved = std::move(second);
  CHECK(moved.payload() == "shared");
  auto& self = moved;
  moved = self;
  CHECK(moved.payload() == "shared");
}

TEST_CASE("frame: equal bytes are equal frames", "[actors][frame]") {
  CHECK(frame::encode(opcode::text, "a") == frame::encode(opcode::text, "a"));
  CHECK_FALSE(frame::encode(opcode::text, "a") == frame::encode(opcode::binary, "a"));
  CHECK_FALSE(frame::encode(opcode::text, "a") == frame::encode(opcode::text, "b"));
}

TEST_CASE("frame: the bytes of all frames are known, shared ones once", "[actors][frame]") {
  constexpr std::size_t size = 1024 * 1024;
  constexpr std::size_t untold = 64 * 1024;
  const auto before = frame_bytes_alive();
  auto first = frame::encode(opcode::binary, std::string(size, 'x'));
  auto second = first;
  CHECK(frame_bytes_alive() >= before + size - untold);
  CHECK(frame_bytes_alive() <= before + size + untold);
  first = frame{};
  CHECK(frame_bytes_alive() >= before + size - untold);
  second = frame{};
  CHECK(frame_bytes_alive() <= before + untold);
}
