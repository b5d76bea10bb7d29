// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/condition.hpp"
#include "app/console/query_error.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace troupe::app::console;

namespace {

table people() {
  using enum column_type;
  table t{{}, {{"user", text}, {"queue_bytes", bytes}, {"idle", duration}, {"rtt", duration}}, {}};
  t.rows.push_back({std::string{"alice"}, 70'000.0, 2e9, 5e6});
  t.rows.push_back({std::string{"bob"}, 0.0, 90e9, cell{}});
  t.rows.push_back({std::string{"albert hall"}, 65'536.0, 0.0, 1e6});
  return t;
}

/// Users for which it holds, joined by commas.
std::string matches(const std::string& text) {
  const auto all = people();
  const table_rows rows{all};
  word_reader in{text};
  auto where = condition::parse(in);
  where.bind(all.columns);
  std::string found;
  for (std::size_t row = 0; row < rows.size(); ++row)
    if (where.holds(rows, row))
      found += (found.empty() ? "" : ",") + rows.text(row, 0);
  return found;
}

std::string complaint(const std::string& text) {
  try {
    matches(text);
  } catch (const query_error& error) {
    return error.what();
  }
  return "none";
}

} // namespace

TEST_CASE("condition: numbers are compared in the unit of their column", "[app][console]") {
  CHECK(matches("queue_bytes > 64KiB") == "alice");
  CHECK(matches("queue_bytes >= 64KiB") == "alice,albert hall");
  CHECK(matches("queue_bytes = 0") == "bob");
  CHECK(matches("queue_bytes != 0") == "alice,albert hall");
  CHECK(matches("idle < 1.5m") == "alice,albert hall");
  CHECK(matches("idle <= 90s") == "alice,bob,albert hall");
}

TEST_CASE("condition: text is compared as it is, or searched in", "[app][console]") {
  CHECK(matches("user = bob") == "bob");
  CHECK(matches("user ~ al") == "alice,albert hall");
  CHECK(matches("user !~ al") == "bob");
  CHECK(matches(R"(user = "albert hall")") == "albert hall");
}

TEST_CASE("condition: and binds closer than or, and parentheses closer than both",
          "[app][console]") {
  CHECK(matches("user = bob or user = alice and idle > 1h") == "bob");
  CHECK(matches("(user = bob or user = alice) and idle > 1h") == "");
  CHECK(matches("not user = bob and not (idle = 0)") == "alice");
}

TEST_CASE("condition: no comparison holds for what is not known", "[app][console]") {
  CHECK(matches("rtt < 1h") == "alice,albert hall");
  CHECK(matches("rtt != 1s") == "alice,albert hall");
  CHECK(matches("not rtt < 1h") == "bob");
}

TEST_CASE("condition: reading stops before the first word that does not belong to it",
          "[app][console]") {
  word_reader in{"idle > 5s and user ~ a n 10"};
  (void)condition::parse(in);
  CHECK(in.next() == "n");
}

TEST_CASE("condition: errors name the word at fault and what would do", "[app][console]") {
  CHECK(complaint("usr = bob") == "no such column 'usr'; one of: user, queue_bytes, idle, rtt");
  CHECK(complaint("idle > 5") ==
        "where: idle is compared with a duration such as 5s or 20ms, got '5'");
  CHECK(complaint("queue_bytes > many") ==
        "where: queue_bytes is compared with a size such as 1500 or 64KiB, got 'many'");
  CHECK(complaint("idle ~ 5s") == "where: idle is a duration such as 5s or 20ms, and ~ is for text");
  CHECK(complaint("user is bob") ==
        "where: expected =, !=, <, <=, >, >=, ~ or !~ after 'user', got 'is'");
  CHECK(complaint("user =") == "where: expected a value after 'user ='");
  CHECK(complaint("") == "where: expected a column, such as in: where queue_bytes > 64KiB");
  CHECK(complaint("(user = bob") == "where: a parenthesis is not closed");
}

TEST_CASE("condition: its size is bounded", "[app][console]") {
  std::string many = "idle = 0";
  for (std::size_t i = 1; i < condition::max_comparisons; ++i)
    many += " or idle = 0";
  CHECK(complaint(many) == "none");
  CHECK(complaint(many + " or idle = 0") == "where: more than 32 comparisons");
  CHECK(complaint(std::string(1000, '(') + "idle = 0") == "where: nested too deeply");
  std::string nots;
  for (int i = 0; i < 1000; ++i)
    nots += "not ";
  CHECK(complaint(nots + "idle = 0") == "where: nested too deeply");
}
