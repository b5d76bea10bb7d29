// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/centrifuge/tags_filter.hpp>

using namespace troupe::centrifuge;

namespace {

filter_node leaf(std::string key, std::string cmp, std::string val = {},
                 std::vector<std::string> vals = {}) {
  return {"", std::move(key), std::move(cmp), std::move(val), std::move(vals), {}};
}

filter_node inner(std::string op, std::vector<filter_node> nodes) {
  return {std::move(op), "", "", "", {}, std::move(nodes)};
}

filter_node nested(std::size_t levels) {
  auto node = leaf("k", "ex");
  for (std::size_t level = 1; level < levels; ++level) node = inner("not", {node});
  return node;
}

} // namespace

TEST_CASE("filter: every comparison, with the tag present and missing",
          "[actors][centrifuge][filter]") {
  struct row {
    filter_node filter;
    bool present; // the tag "k" is "10.5"
    bool missing;
  };
  const tag_map tags{{"k", "10.5"}, {"other", "x"}};
  for (const auto& [filter, present, missing] : {
           row{leaf("k", "eq", "10.5"), true, false},
           row{leaf("k", "eq", "10.50"), false, false},
           row{leaf("k", "neq", "10.5"), false, true},
           row{leaf("k", "neq", "x"), true, true},
           row{leaf("k", "in", "", {"x", "10.5"}), true, false},
           row{leaf("k", "in", "", {"x"}), false, false},
           row{leaf("k", "in", "", {""}), false, true},
           row{leaf("k", "nin", "", {"x"}), true, true},
           row{leaf("k", "nin", "", {"10.5"}), false, true},
           row{leaf("k", "nin", "", {""}), true, false},
           row{leaf("k", "ex"), true, false},
           row{leaf("k", "nex"), false, true},
           row{leaf("k", "sw", "10"), true, false},
           row{leaf("k", "sw", "0"), false, false},
           row{leaf("k", "ew", ".5"), true, false},
           row{leaf("k", "ew", "1"), false, false},
           row{leaf("k", "ct", "0."), true, false},
           row{leaf("k", "ct", "2"), false, false},
           row{leaf("k", "lt", "10.51"), true, false},
           row{leaf("k", "lt", "10.50"), false, false},
           row{leaf("k", "lte", "10.50"), true, false},
           row{leaf("k", "lte", "9"), false, false},
           row{leaf("k", "gt", "9"), true, false},
           row{leaf("k", "gt", "10.5"), false, false},
           row{leaf("k", "gte", "10.5"), true, false},
           row{leaf("k", "gte", "10.6"), false, false},
           row{leaf("k", "gte", "ten"), false, false},
           row{leaf("k", "lt", "ten"), false, false},
       }) {
    CAPTURE(filter.cmp, filter.val, filter.vals);
    REQUIRE(validate(filter).empty());
    CHECK(matches(filter, tags) == present);
    CHECK(matches(filter, {{"other", "10.5"}}) == missing);
  }
}

TEST_CASE("filter: and, or and not combine", "[actors][centrifuge][filter]") {
  const auto yes = leaf("k", "ex");
  const auto no = leaf("k", "nex");
  const tag_map tags{{"k", ""}};
  CHECK(matches(inner("and", {yes, yes}), tags));
  CHECK_FALSE(matches(inner("and", {yes, no}), tags));
  CHECK(matches(inner("or", {no, yes}), tags));
  CHECK_FALSE(matches(inner("or", {no, no}), tags));
  CHECK(matches(inner("not", {no}), tags));
  CHECK_FALSE(matches(inner("not", {yes}), tags));
  CHECK(matches(inner("and", {yes, inner("not", {inner("or", {no, no})})}), tags));
}

TEST_CASE("filter: malformed ones are refused", "[actors][centrifuge][filter]") {
  for (const auto& filter : {
           filter_node{},
           leaf("k", ""),
           leaf("k", "like", "x"),
           leaf("k", "eq"),
           leaf("k", "eq", "x", {"y"}),
           leaf("k", "gt"),
           leaf("", "eq", "x"),
           leaf("k", "in"),
           leaf("k", "in", "x", {"y"}),
           leaf("", "in", "", {"y"}),
           leaf("k", "nin"),
           leaf("k", "ex", "x"),
           leaf("k", "nex", "", {"x"}),
           inner("and", {}),
           inner("or", {}),
           inner("not", {}),
           inner("not", {leaf("k", "ex"), leaf("k", "ex")}),
           inner("xor", {leaf("k", "ex")}),
           inner("and", {leaf("k", "ex"), leaf("k", "eq")}),
       }) {
    CAPTURE(filter.op, filter.key, filter.cmp, filter.val, filter.vals);
    CHECK_FALSE(validate(filter).empty());
  }
}

TEST_CASE("filter: existence needs no key", "[actors][centrifuge][filter]") {
  CHECK(validate(leaf("", "ex")).empty());
  CHECK(validate(leaf("", "nex")).empty());
}

TEST_CASE("filter: depth and size are bounded", "[actors][centrifuge][filter]") {
  CHECK(validate(nested(max_filter_depth)).empty());
  CHECK_FALSE(validate(nested(max_filter_depth + 1)).empty());
  const auto wide = [](std::size_t nodes) {
    return inner("or", std::vector<filter_node>(nodes - 1, leaf("k", "ex")));
  };
  CHECK(validate(wide(max_filter_nodes)).empty());
  CHECK_FALSE(validate(wide(max_filter_nodes + 1)).empty());
}

TEST_CASE("decimals: compared exactly by value", "[actors][centrifuge][filter]") {
  struct row {
    std::string_view a, b;
    int order;
  };
  for (const auto& [a, b, order] : {
           row{"1", "2", -1},
           row{"10", "9", 1},
           row{"1", "1.0", 0},
           row{"+1", "001.000", 0},
           row{"-1", "1", -1},
           row{"-2", "-1", -1},
           row{"-0", "0", 0},
           row{"0.1", "0.09", 1},
           row{"-0.1", "-0.09", -1},
           row{"1.23", "1.234", -1},
           row{"9007199254740993", "9007199254740992", 1}, // the same as double
           row{"0.1000000000000000000000001", "0.1", 1},
           row{"123456789012345678901234567890", "123456789012345678901234567891", -1},
       }) {
    CAPTURE(a, b);
    const auto sign = [](std::optional<int> n) { return (*n > 0) - (*n < 0); };
    CHECK(sign(compare_decimals(a, b)) == order);
    CHECK(sign(compare_decimals(b, a)) == -order);
  }
}

TEST_CASE("decimals: other texts are no numbers", "[actors][centrifuge][filter]") {
  for (const std::string_view text :
       {"", "-", "+", ".", "1.", ".5", "1e5", "0x1", " 1", "1 ", "1.2.3", "--1", "ten"}) {
    CAPTURE(text);
    CHECK_FALSE(compare_decimals(text, "1"));
    CHECK_FALSE(compare_decimals("1", text));
  }
}
