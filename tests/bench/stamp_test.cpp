// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/stamp.hpp"

#include "support/catch.hpp"

#include <array>
#include <string>

using troupe::app::bench::stamp;

namespace {

std::string written(const stamp& value) {
  std::array<char, stamp::size> bytes;
  value.write(bytes);
  return {bytes.data(), bytes.size()};
}

} // namespace

TEST_CASE("a stamp survives being written as printable ASCII", "[app][bench][stamp]") {
  const stamp largest{.run = stamp::max_run,
                      .sender = (1u << 18) - 1,
                      .sequence = (std::uint64_t{1} << 36) - 1,
                      .time = (std::uint64_t{1} << 48) - 1};
  for (const auto& value :
       {stamp{}, largest, stamp{.run = 44, .sender = 44 << 6, .sequence = 44 << 12, .time = 44},
        stamp{.run = 5, .sender = 6, .sequence = 7'000, .time = 80'000'001}}) {
    const auto text = written(value);
    for (const char c : text)
      CHECK((c > ' ' && c < 0x7f && c != '"' && c != '\\'));
    const auto found = stamp::read(text + "xxxx");
    REQUIRE(found);
    CHECK(found->run == value.run);
    CHECK(found->sender == value.sender);
    CHECK(found->sequence == value.sequence);
    CHECK(found->time == value.time);
  }
}

TEST_CASE("payloads of others are not taken for stamps", "[app][bench][stamp]") {
  auto text = written({.run = 1});
  CHECK_FALSE(stamp::read(""));
  CHECK_FALSE(stamp::read(text.substr(0, stamp::size - 1)));
  CHECK_FALSE(stamp::read("{" + text));
  text[9] = '"';
  CHECK_FALSE(stamp::read(text));
  text[9] = '\xff';
  CHECK_FALSE(stamp::read(text));
}
