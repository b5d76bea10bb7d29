// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/query_error.hpp"
#include "app/console/word_reader.hpp"
#include "support/catch.hpp"

using namespace troupe::app::console;

TEST_CASE("word reader: quotes keep blanks and a backslash takes the next character as it is",
          "[app][console]") {
  word_reader in{R"(  kick  user "Al \"x\" Bo" )"};
  CHECK(in.next() == "kick");
  CHECK(in.peek() == "user");
  CHECK(in.next() == "user");
  CHECK(in.next() == R"(Al "x" Bo)");
  CHECK_FALSE(in.next().has_value());
}

TEST_CASE("word reader: the rest is taken as it stands", "[app][console]") {
  word_reader in{R"(send everyone {"text": "a  b"}  )"};
  (void)in.next();
  (void)in.next();
  CHECK(in.take_rest() == R"({"text": "a  b"})");
  CHECK(in.take_rest().empty());
}

TEST_CASE("word reader: operators and parentheses are tokens without blanks around them",
          "[app][console]") {
  word_reader in{R"(a>=5and(b!~"c>d"))"};
  std::string seen;
  while (const auto token = in.next_token())
    seen += (token->quoted ? '"' + token->text + '"' : token->text) + ' ';
  CHECK(seen == R"(a >= 5and ( b !~ "c>d" ) )");
}

TEST_CASE("word reader: a quote that is not closed is an error", "[app][console]") {
  word_reader in{R"(user "alice)"};
  (void)in.next();
  CHECK_THROWS_AS(in.next(), query_error);
}
