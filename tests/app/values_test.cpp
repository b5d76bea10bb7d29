// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/values.hpp"
#include "support/catch.hpp"

#include <limits>

using namespace troupe::app;
using namespace std::chrono_literals;

TEST_CASE("values: durations need a unit unless they are zero", "[app][values]") {
  CHECK(parse_duration("0") == 0ms);
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("25s") == 25s);
  CHECK(parse_duration("2m") == 2min);
  CHECK(parse_duration("24h") == 24h);
  const auto malformed = GENERATE(as<std::string>{}, "", "25", "s", "-5s", "+5s", "1.5s", "5 s",
                                  " 5s", "5s ", "5S", "5sec", "1m30s", "0x10s",
                                  "99999999999999999999s",
                                  "9223372036854775807h");
  CHECK_FALSE(parse_duration(malformed).has_value());
}

TEST_CASE("values: sizes are bytes or binary multiples", "[app][values]") {
  CHECK(parse_size("0") == 0u);
  CHECK(parse_size("1500") == 1500u);
  CHECK(parse_size("64KiB") == 65536u);
  CHECK(parse_size("1MiB") == 1048576u);
  CHECK(parse_size("2GiB") == 2147483648u);
  const auto malformed =
      GENERATE(as<std::string>{}, "", "KiB", "-1", "1KB", "1k", "1kib", "1 KiB", "1.5MiB", "64KiB ",
               "18446744073709551616", "18446744073709551615GiB");
  CHECK_FALSE(parse_size(malformed).has_value());
}

TEST_CASE("values: integers are decimal, unsigned and nothing else", "[app][values]") {
  CHECK(parse_integer("0") == 0u);
  CHECK(parse_integer("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  const auto malformed =
      GENERATE(as<std::string>{}, "", "-1", "+1", "1.0", "1e3", "0x1", " 1", "1 ",
               "18446744073709551616");
  CHECK_FALSE(parse_integer(malformed).has_value());
}

TEST_CASE("values: booleans are true and false only", "[app][values]") {
  CHECK(parse_boolean("true") == true);
  CHECK(parse_boolean("false") == false);
  const auto malformed = GENERATE(as<std::string>{}, "", "True", "1", "yes", "on", "true ");
  CHECK_FALSE(parse_boolean(malformed).has_value());
}

TEST_CASE("values: printing takes the largest unit that fits exactly", "[app][values]") {
  CHECK(to_text(0ms) == "0");
  CHECK(to_text(1500ms) == "1500ms");
  CHECK(to_text(25'000ms) == "25s");
  CHECK(to_text(90s) == "90s");
  CHECK(to_text(120s) == "2m");
  CHECK(to_text(24h) == "24h");
  CHECK(size_to_text(0) == "0");
  CHECK(size_to_text(1000) == "1000");
  CHECK(size_to_text(65536) == "64KiB");
  CHECK(size_to_text(1u << 30) == "1GiB");
}

TEST_CASE("values: rates are a number in a second, minute or hour, perhaps with a burst", "[app][values]") {
  using troupe::rates::rate;
  CHECK(parse_rate("0") == rate{});
  CHECK(parse_rate("10/s") == rate{10, 1s});
  CHECK(parse_rate("30/m") == rate{30, 60s});
  CHECK(parse_rate("1000000/h burst 1000000") == rate{1'000'000, 3600s, 1'000'000});
  for (const auto* good : {"0", "10/s", "30/m burst 60", "1/h"}) CHECK(rate_to_text(*parse_rate(good)) == good);
  const auto malformed = GENERATE(as<std::string>{}, "", "10", "10/", "/s", "0/s", "10/d", "10/s ", "10 /s",
                                  "10/s burst", "10/s burst 0", "10/s burst -1", "10/s burst 5 ", "burst 5",
                                  "1000001/s", "10/s burst 1000001", "10/sburst 5", "-1/s");
  CHECK_FALSE(parse_rate(malformed).has_value());
}

TEST_CASE("values: addresses are literal IP addresses", "[app][values]") {
  const auto good =
      GENERATE(as<std::string>{}, "0.0.0.0", "127.0.0.1", "::", "::1", "fe80::1%eth0");
  CHECK(is_address(good));
  const auto bad = GENERATE(as<std::string>{}, "", "localhost", "1", "127.1", "256.0.0.1", "[::1]",
                            "127.0.0.1:80", "example.com");
  CHECK_FALSE(is_address(bad));
}

TEST_CASE("values: only loopback addresses are loopback", "[app][values]") {
  const auto good = GENERATE(as<std::string>{}, "127.0.0.1", "127.255.0.9", "::1");
  CHECK(is_loopback_address(good));
  const auto bad = GENERATE(as<std::string>{}, "", "0.0.0.0", "128.0.0.1", "10.0.0.1", "::",
                            "::ffff:127.0.0.1", "localhost");
  CHECK_FALSE(is_loopback_address(bad));
}
