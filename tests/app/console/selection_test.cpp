// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/query_error.hpp"
#include "app/console/selection.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

#include <ctime>
#include <limits>
#include <string>
#include <vector>

using namespace troupe::app::console;

namespace {

condition where(const std::string& text) {
  word_reader in{text};
  return condition::parse(in);
}

table scores() {
  using enum column_type;
  table t{{}, {{"name", text}, {"score", number}}, {}};
  t.rows = {{std::string{"d"}, 1.0}, {std::string{"b"}, 7.0}, {std::string{"a"}, cell{}},
            {std::string{"c"}, 7.0}, {std::string{"e"}, 3.0}};
  return t;
}

std::string names(const selected& chosen) {
  const auto all = scores();
  std::string text;
  for (const auto row : chosen.rows)
    text += table_rows{all}.text(row, 0);
  return text;
}

/// As many connections as a large server has, whose cells are made up when they are asked for.
class many_rows final : public row_source {
public:
  static constexpr std::size_t count = 100'000;
  [[nodiscard]] const std::vector<column>& columns() const override { return columns_; }
  [[nodiscard]] std::size_t size() const override { return count; }
  [[nodiscard]] double number(std::size_t row, std::size_t column) const override {
    return static_cast<double>((row + 1) * 2'654'435'761U % (1'000'000 + column));
  }
  [[nodiscard]] std::string text(std::size_t row, std::size_t) const override {
    return fmt::format("user-{}", row);
  }

private:
  std::vector<column> columns_{{"queue_bytes", column_type::bytes},
                               {"idle", column_type::number},
                               {"user", column_type::text}};
};

} // namespace

TEST_CASE("selection: the largest come first, equal ones in their order, the unknown last",
          "[app][console]") {
  const auto all = scores();
  CHECK(names(select(table_rows{all}, {"score", {}, 10})) == "bceda");
  CHECK(names(select(table_rows{all}, {"score", {}, 3})) == "bce");
  CHECK(names(select(table_rows{all}, {"name", {}, 3})) == "abc");
  CHECK(names(select(table_rows{all}, {"", {}, 2})) == "db");
}

TEST_CASE("selection: rows are counted before they are cut to n", "[app][console]") {
  const auto all = scores();
  const auto chosen = select(table_rows{all}, {"score", where("score >= 3"), 1});
  CHECK(names(chosen) == "b");
  CHECK(chosen.matched == 3);
  CHECK(chosen.total == 5);
}

TEST_CASE("selection: a key that is no column is an error that names the columns",
          "[app][console]") {
  const auto all = scores();
  CHECK_THROWS_WITH(select(table_rows{all}, {"points", {}, 1}),
                    "no such column 'points'; one of: name, score");
}

TEST_CASE("selection: grouping counts rows by value, most frequent first", "[app][console]") {
  const auto all = scores();
  const auto groups = group(table_rows{all}, {0, 1, 3, 4}, "score");
  REQUIRE(groups.rows.size() == 3);
  CHECK(std::get<std::string>(groups.rows[0][0]) == "7");
  CHECK(std::get<double>(groups.rows[0][1]) == 2);
}

TEST_CASE("selection: the top of 100,000 rows costs milliseconds", "[app][console]") {
  const many_rows rows;
  for (const auto* condition : {"idle > 500000", "idle > 500000 and user ~ 77 or queue_bytes < 10"}) {
    const auto before = std::clock();
    const auto chosen = select(rows, {"queue_bytes", where(condition), 20});
    const auto result = copy(rows, chosen);
    const auto spent = 1000.0 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    CHECK(result.rows.size() == 20);
    CHECK(chosen.matched > 20);
    fmt::print("top 20 of {} where {}: {:.1f} ms of CPU\n", rows.size(), condition, spent);
  }
}
