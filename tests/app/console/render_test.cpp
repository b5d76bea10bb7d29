// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/answer.hpp"
#include "app/console/quantity.hpp"
#include "app/console/query_error.hpp"
#include "app/console/render.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace troupe::app::console;
using nlohmann::json;

namespace {

table sample() {
  using enum column_type;
  table t{{}, {{"user", text}, {"queue_bytes", bytes}, {"rtt", duration}}, {}};
  t.rows.push_back({std::string{"alice"}, 1536.0, 1.5e6});
  t.rows.push_back({std::string{"a,\"b\"\x1b[2J"}, 0.0, cell{}});
  return t;
}

} // namespace

TEST_CASE("render: a grid is aligned, with units, and controls no terminal", "[app][console]") {
  CHECK(render({sample()}, output_format::table) == "user            queue_bytes     rtt\n"
                                                    "alice               1.50KiB  1.50ms\n"
                                                    "a,\"b\"\\u001b[2J           0B       -\n");
}

TEST_CASE("render: a detail has a line for each column", "[app][console]") {
  table t;
  add_detail(t, "user", column_type::text, std::string{"alice"});
  add_detail(t, "idle", column_type::duration, 0.0);
  CHECK(render({t}, output_format::table) == "user  alice\nidle  0ns\n");
}

TEST_CASE("render: an empty grid says so", "[app][console]") {
  table t{"sessions", {{"id", column_type::number}}, {}};
  CHECK(render({t}, output_format::table) == "sessions\nid\n(none)\n");
}

TEST_CASE("render: JSON has plain numbers, and null for what is not known", "[app][console]") {
  const auto rows = json::parse(render({sample()}, output_format::json));
  CHECK(rows[0] == json{{"user", "alice"}, {"queue_bytes", 1536}, {"rtt", 1500000}});
  CHECK(rows[1]["rtt"].is_null());
  auto titled = sample();
  titled.title = "queues";
  table one;
  add_detail(one, "loops", column_type::number, 2.0);
  one.title = "node";
  const auto both = json::parse(render({titled, one}, output_format::json));
  CHECK(both["queues"].size() == 2);
  CHECK(both["node"]["loops"] == 2);
}

TEST_CASE("render: CSV quotes what would break a line apart", "[app][console]") {
  CHECK(render({sample()}, output_format::csv) ==
        "user,queue_bytes,rtt\nalice,1536,1500000\n\"a,\"\"b\"\"\x1b[2J\",0,\n");
}

TEST_CASE("answer: what goes over the wire is what arrives", "[app][console]") {
  answer sent{{sample()}, {"2 of 7"}, {}};
  sent.tables[0].title = "queues";
  const auto line = encode(7, sent);
  CHECK(line.find('\n') == line.size() - 1);
  std::uint64_t id = 0;
  const auto got = decode_answer(line, id);
  CHECK(id == 7);
  CHECK(got.notes == sent.notes);
  CHECK(render(got.tables, output_format::table) == render(sent.tables, output_format::table));
  CHECK(decode_answer(encode(8, answer::failed("no")), id).error == "no");
}

TEST_CASE("answer: text that is not UTF-8 does not break the line", "[app][console]") {
  table t;
  add_detail(t, "user", column_type::text, std::string{"\xff\n"});
  std::uint64_t id = 0;
  const auto got = decode_answer(encode(1, answer::of(t)), id);
  CHECK(std::get<std::string>(got.tables[0].rows[0][0]) == "\xef\xbf\xbd\n");
}

TEST_CASE("answer: a line that is no request is refused", "[app][console]") {
  CHECK(decode_request(R"({"id":3,"command":"loops"})").command == "loops");
  for (const auto* line : {"", "loops", "{}", R"({"id":1})", R"({"id":-1,"command":2})", "[1]"})
    CHECK_THROWS_AS(decode_request(line), query_error);
}

TEST_CASE("quantity: units are read and written", "[app][console]") {
  using enum column_type;
  CHECK(parse_quantity("1.5ms", duration) == 1.5e6);
  CHECK(parse_quantity("0", duration) == 0);
  CHECK_FALSE(parse_quantity("5", duration));
  CHECK_FALSE(parse_quantity("5KiB", duration));
  CHECK(parse_quantity("2MiB", bytes) == 2097152);
  CHECK(parse_quantity("1500", bytes) == 1500);
  CHECK(parse_quantity("-3.5", number) == -3.5);
  for (const auto* wrong : {"", "x", "1 ", "nan", "inf", "1e999", "5s5"})
    CHECK_FALSE(parse_quantity(wrong, bytes));
  CHECK(to_text(999, bytes) == "999B");
  CHECK(to_text(1024.0 * 1024 * 20, bytes) == "20.0MiB");
  CHECK(to_text(950, duration) == "950ns");
  CHECK(to_text(3.6e12, duration) == "1.00h");
  CHECK(to_text(12345, number) == "12345");
  CHECK(to_text(0.256, number) == "0.26");
}
