// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/claims.hpp>
#include <troupe/net/auth/verifier.hpp>

#include "support/catch.hpp"

using namespace troupe::net::auth;
using namespace std::chrono_literals;
using std::chrono::sys_seconds;

namespace {

claims read(std::string_view text, std::string_view user_claim = "sub") {
  claims result;
  const auto wrong = read_claims(text, user_claim, result);
  CAPTURE(text, wrong);
  CHECK(wrong.empty());
  return result;
}

} // namespace

TEST_CASE("claims: a connection token says who connects and to what", "[net][auth][claims]") {
  const auto said = read(R"({"sub":"42","iss":"i","aud":"a","exp":100,"nbf":1,"info":{"b":1,"a":[2]},
    "subs":{"news":{"info":{"x":1},"data":"hello","override":{"presence":{"value":true},"force_recovery":{"value":false}}}},
    "channels":["ignored"],"labels":["admin"]})");
  CHECK(said.user == "42");
  CHECK(said.issuer == "i");
  CHECK(said.audience == std::vector<std::string>{"a"});
  CHECK(said.expires == sys_seconds{100s});
  CHECK(said.not_before == sys_seconds{1s});
  CHECK(said.grant_ends == sys_seconds{100s});
  CHECK(said.terms.info.bytes == R"({"b":1,"a":[2]})");
  CHECK(said.terms.info.is_json);
  CHECK(said.labels == std::vector<std::string>{"admin"});
  REQUIRE(said.subs.size() == 1);
  const auto& news = said.subs.at("news");
  CHECK(news.info.bytes == R"({"x":1})");
  CHECK(news.data.bytes == R"("hello")");
  CHECK(news.overrides.presence == true);
  CHECK(news.overrides.force_recovery == false);
  CHECK_FALSE(news.overrides.join_leave);
}

TEST_CASE("claims: nothing at all is an anonymous user for ever", "[net][auth][claims]") {
  const auto said = read("{}");
  CHECK(said.user.empty());
  CHECK_FALSE(said.grant_ends);
  CHECK(said.subs.empty());
}

TEST_CASE("claims: channels are subscriptions without terms", "[net][auth][claims]") {
  const auto said = read(R"({"channels":["a","b"],"subs":{}})");
  CHECK(said.subs.size() == 2);
  CHECK(said.subs.contains("b"));
}

TEST_CASE("claims: a token that expires after 2262 has not expired yet", "[net][auth][claims]") {
  const unix_clock::time_point now{1'700'000'000s};
  for (const auto* text : {R"({"exp":10000000600})", R"({"exp":1e18})", R"({"expire_at":10000000600,"exp":99999999999})"})
    CHECK_FALSE(verifier::check_times(read(text), now));
  CHECK(verifier::check_times(read(R"({"nbf":10000000600})"), now));
}

TEST_CASE("claims: expire_at replaces the end of what exp grants", "[net][auth][claims]") {
  CHECK(read(R"({"exp":100,"expire_at":200})").grant_ends == sys_seconds{200s});
  CHECK(read(R"({"exp":100,"expire_at":200})").expires == sys_seconds{100s});
  CHECK_FALSE(read(R"({"exp":100,"expire_at":0})").grant_ends);
  CHECK_FALSE(read(R"({"exp":100,"expire_at":-5})").grant_ends);
}

TEST_CASE("claims: times may be fractions and have no bound", "[net][auth][claims]") {
  CHECK(read(R"({"exp":100.9})").expires == sys_seconds{100s});
  CHECK(read(R"({"exp":1e300})").expires == sys_seconds{9'000'000'000s});
  CHECK(read(R"({"exp":18446744073709551615})").expires == sys_seconds{9'000'000'000s});
}

TEST_CASE("claims: bytes in base64 win over JSON", "[net][auth][claims]") {
  const auto said = read(R"({"info":1,"b64info":"//4=","data":2,"b64data":"eyJhIjoxfQ=="})");
  CHECK(said.terms.info.bytes == "\xff\xfe");
  CHECK_FALSE(said.terms.info.is_json);
  CHECK(said.terms.data.bytes == R"({"a":1})");
  CHECK(said.terms.data.is_json);
}

TEST_CASE("claims: another claim can name the user", "[net][auth][claims]") {
  CHECK(read(R"({"sub":"x","user_id":"42"})", "user_id").user == "42");
}

TEST_CASE("claims: one of a wrong type makes the token invalid", "[net][auth][claims]") {
  for (const auto* text :
       {R"({"sub":42})", R"({"sub":null})", R"({"exp":"100"})", R"({"nbf":true})", R"({"aud":1})",
        R"({"aud":[1]})", R"({"iss":[]})", R"({"b64info":"*"})", R"({"channels":"a"})",
        R"({"channels":[1]})", R"({"channels":[""]})", R"({"subs":[]})", R"({"subs":{"a":1}})",
        R"({"subs":{"a":{"b64data":1}}})", R"({"override":{"presence":true}})", R"({"channel":1})",
        R"({"labels":"a"})", R"([])", R"("")", R"({"a":1,"a":1})", R"({"x":{"a":1,"a":1}})",
        "{\"sub\":\"\xff\"}", R"({} {})", ""}) {
    CAPTURE(text);
    claims result;
    CHECK_FALSE(read_claims(text, "sub", result).empty());
  }
}

TEST_CASE("claims: nesting has a bound", "[net][auth][claims]") {
  const auto nested = [](std::size_t depth) {
    claims result;
    return read_claims("{\"info\":" + std::string(depth, '[') + std::string(depth, ']') + '}', "sub",
                       result);
  };
  CHECK(nested(30).empty());
  CHECK_FALSE(nested(33).empty());
  CHECK_FALSE(nested(16'000).empty());
}
