// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/centrifuge/channel_name.hpp>

#include <regex>

using namespace troupe::centrifuge;

TEST_CASE("channel name: namespace and the name within it", "[actors][centrifuge][channel_name]") {
  const channel_syntax syntax;
  struct row {
    std::string_view channel, ns, rest;
  };
  for (const auto& [channel, ns, rest] : {
           row{"news", "", "news"},
           row{"chat:1", "chat", "1"},
           row{"$chat:1", "chat", "1"},
           row{"chat:a:b", "chat", "a:b"},
           row{"chat:", "chat", ""},
           row{":1", "", ":1"},
           row{"$:1", "", "$:1"},
           row{"$news", "", "$news"},
           row{"$$chat:1", "$chat", "1"},
           row{"", "", ""},
       }) {
    CAPTURE(channel);
    CHECK(namespace_of(channel, syntax) == ns);
    CHECK(name_in_namespace(channel, syntax) == rest);
  }
}

TEST_CASE("channel name: empty marks turn their meaning off",
          "[actors][centrifuge][channel_name]") {
  const channel_syntax none{"", "", "", ""};
  CHECK(namespace_of("$chat:1", none).empty());
  CHECK_FALSE(is_private("$chat:1", none));
  CHECK_FALSE(is_user_limited("dialog#42", none));
  CHECK_FALSE(allows_user("dialog#42", "42", none));
  CHECK(namespace_of("$chat:1", {"", ":", "#", ","}) == "$chat");
  CHECK(allows_user("dialog#42,43", "42,43", {"$", ":", "#", ""}));
}

TEST_CASE("channel name: marks may be longer than a character",
          "[actors][centrifuge][channel_name]") {
  const channel_syntax syntax{"private-", "::", "users=", " or "};
  CHECK(namespace_of("private-chat::1", syntax) == "chat");
  CHECK(name_in_namespace("chat::1", syntax) == "1");
  CHECK(is_private("private-x", syntax));
  CHECK(allows_user("x users=41 or 42", "42", syntax));
}

TEST_CASE("channel name: only the listed users are allowed", "[actors][centrifuge][channel_name]") {
  const channel_syntax syntax;
  struct row {
    std::string_view channel, user;
    bool allowed;
  };
  for (const auto& [channel, user, allowed] : {
           row{"dialog#42", "42", true},
           row{"dialog#42", "4", false},
           row{"dialog#41,42,43", "42", true},
           row{"dialog#41,42,43", "43", true},
           row{"dialog#41,42,43", "2", false},
           row{"dialog#41#42", "41", false},
           row{"dialog#41#42", "42", true},
           row{"dialog", "dialog", false},
           row{"dialog#", "", false},
           row{"dialog#41,,42", "", false},
           row{"#42", "42", true},
       }) {
    CAPTURE(channel, user);
    CHECK(allows_user(channel, user, syntax) == allowed);
  }
}

TEST_CASE("channel name: the personal channel of a user is limited to the user",
          "[actors][centrifuge][channel_name]") {
  const channel_syntax syntax;
  CHECK(personal_channel("42", "", syntax) == "#42");
  CHECK(personal_channel("42", "user", syntax) == "user:#42");
  CHECK(allows_user(personal_channel("42", "user", syntax), "42", syntax));
}

TEST_CASE("channel name: names of namespaces", "[actors][centrifuge][channel_name]") {
  for (const std::string_view good : {"ab", "a-b", "A_1", "v1.2"}) {
    CAPTURE(good);
    CHECK(is_namespace_name(good));
  }
  for (const std::string_view bad : {"", "a", "a b", "a:b", "$ab", "\u00e9t\u00e9"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_namespace_name(bad));
  }
}

TEST_CASE("name rule: ASCII up to the length limit", "[actors][centrifuge][channel_name]") {
  const name_rule rule;
  const channel_syntax syntax;
  CHECK(rule.accepts("chat:hello world!", syntax));
  CHECK_FALSE(rule.accepts("chat:\u00e9", syntax));
  CHECK(rule.accepts(std::string(255, 'a'), syntax));
  CHECK_FALSE(rule.accepts(std::string(256, 'a'), syntax));
  CHECK(rule.fits(std::string(255, 'a')));
  CHECK_FALSE(rule.fits(std::string(256, 'a')));
}

TEST_CASE("name rule: an expression replaces the ASCII rule",
          "[actors][centrifuge][channel_name]") {
  const channel_syntax syntax;
  const name_rule digits("^[0-9]+$");
  CHECK(digits.accepts("chat:42", syntax));
  CHECK_FALSE(digits.accepts("chat:x42", syntax));
  CHECK(digits.accepts("42", syntax));
  CHECK_FALSE(digits.accepts("chat:" + std::string(300, '1'), syntax));
  const name_rule anywhere("b");
  CHECK(anywhere.accepts("abc", syntax));
  CHECK_FALSE(anywhere.accepts("b:ac", syntax)); // the namespace does not count
  CHECK(name_rule("\u00e9").accepts("caf\u00e9", syntax));
}

TEST_CASE("name rule: hostile names cannot make an expression slow",
          "[actors][centrifuge][channel_name]") {
  const name_rule exponential("^(a+)+$");
  CHECK_FALSE(exponential.accepts(std::string(254, 'a') + "b", channel_syntax{}));
}

TEST_CASE("name rule: a malformed expression is refused", "[actors][centrifuge][channel_name]") {
  CHECK_THROWS_AS(name_rule("["), std::regex_error);
  for (const auto* counts : {"a{22222222222222222222}", "a{1,22222222222222222222}", "a\\22222222222222222222"})
    CHECK_THROWS_AS(name_rule(counts), std::regex_error);
  CHECK_NOTHROW(name_rule("^a{1,64},20241126$"));
  CHECK_THROWS_AS(name_rule("(a)\\1"), std::regex_error);
}
