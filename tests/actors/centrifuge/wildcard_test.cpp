// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "naive_wildcard.hpp"
#include "support/catch.hpp"

#include <random>
#include <set>

using namespace troupe::centrifuge;

namespace {

std::multiset<std::string> matching(const wildcard_map<std::string>& map,
                                    std::string_view channel) {
  std::multiset<std::string> found;
  map.match(channel, [&](const std::string& value) { found.insert(value); });
  return found;
}

} // namespace

TEST_CASE("wildcard: * is one level, > is one or more", "[actors][centrifuge][wildcard]") {
  struct row {
    std::string_view pattern, channel;
    bool matches;
  };
  for (const auto& [pattern, channel, matches] : {
           row{"a.*.b", "a.x.b", true},
           row{"a.*.b", "a..b", true},
           row{"a.*.b", "a.b", false},
           row{"a.*.b", "a.x.y.b", false},
           row{"a.*.b", "a.x.b.c", false},
           row{"a.>", "a.x", true},
           row{"a.>", "a.x.y", true},
           row{"a.>", "a.", true},
           row{"a.>", "a", false},
           row{"a.>", "b.x", false},
           row{">", "a", true},
           row{">", "", true},
           row{"*", "a", true},
           row{"*", "a.b", false},
           row{"*.>", "a.b", true},
           row{"*.>", "a", false},
           row{"chat:a.*", "chat:a.b", true},
           row{"a.*", "a.*", true},
           row{"a.>", "a.>", true},
           row{"a.*", "a.>", true},
           row{"a.b", "a.b", true},
       }) {
    CAPTURE(pattern, channel);
    wildcard_map<std::string> map;
    map[pattern] = pattern;
    CHECK(matching(map, channel).size() == (matches ? 1 : 0));
    CHECK(test::naive_match(pattern, channel) == matches);
  }
}

TEST_CASE("wildcard: what can be subscribed to", "[actors][centrifuge][wildcard]") {
  for (const std::string_view good : {"*", ">", "a.*", "a.>", "*.*.>", "a.*b.c"}) {
    CAPTURE(good);
    CHECK(is_valid_pattern(good));
  }
  for (const std::string_view bad : {"", ".", "a..*", "*.", ">.a", ">.>", ".*"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_valid_pattern(bad));
  }
  std::string deep = "*";
  for (std::size_t level = 1; level < max_pattern_levels; ++level) deep += ".*";
  CHECK(is_valid_pattern(deep));
  CHECK_FALSE(is_valid_pattern(deep + ".*"));
}

TEST_CASE("wildcard: a name is a pattern if a whole level is a wildcard",
          "[actors][centrifuge][wildcard]") {
  CHECK(is_pattern("a.*"));
  CHECK(is_pattern(">"));
  CHECK_FALSE(is_pattern("a.b*"));
  CHECK_FALSE(is_pattern("a>b"));
  CHECK_FALSE(is_pattern(""));
}

TEST_CASE("wildcard: erasing forgets one pattern and nothing else",
          "[actors][centrifuge][wildcard]") {
  wildcard_map<std::string> map;
  for (const std::string pattern : {"a.*", "a.*.b", "a.>"}) map[pattern] = pattern;
  CHECK(map.size() == 3);
  CHECK(map.erase("a.*"));
  CHECK_FALSE(map.erase("a.*"));
  CHECK_FALSE(map.erase("a"));
  CHECK_FALSE(map.erase("nothing.like.it"));
  CHECK(map.size() == 2);
  CHECK(map.find("a.*") == nullptr);
  CHECK(*map.find("a.*.b") == "a.*.b");
  CHECK(matching(map, "a.x") == std::multiset<std::string>{"a.>"});
  CHECK(matching(map, "a.x.b") == std::multiset<std::string>{"a.*.b", "a.>"});
  CHECK(map.erase("a.*.b"));
  CHECK(map.erase("a.>"));
  CHECK(map.empty());
  CHECK(matching(map, "a.x").empty());
}

TEST_CASE("wildcard: agrees with a naive matcher on random patterns and channels",
          "[actors][centrifuge][wildcard]") {
  const auto seed = GENERATE(range(0u, 20u));
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto name = [&](std::initializer_list<const char*> levels) {
    std::string result;
    for (auto count = random() % 5 + 1; count > 0; --count) {
      if (!result.empty()) result += '.';
      result += levels.begin()[random() % levels.size()];
    }
    return result;
  };
  wildcard_map<std::string> map;
  std::set<std::string> patterns;
  for (int i = 0; i < 500; ++i) {
    const auto pattern = name({"a", "b", "*", "*", ">"});
    if (is_valid_pattern(pattern)) {
      if (random() % 3 == 0) {
        REQUIRE(map.erase(pattern) == (patterns.erase(pattern) == 1));
      } else {
        map[pattern] = pattern;
        patterns.insert(pattern);
      }
    }
    REQUIRE(map.size() == patterns.size());
    const auto channel = name({"a", "b", "", "*", ">"});
    std::multiset<std::string> expected;
    for (const auto& candidate : patterns)
      if (test::naive_match(candidate, channel)) expected.insert(candidate);
    CAPTURE(channel);
    REQUIRE(matching(map, channel) == expected);
  }
}
