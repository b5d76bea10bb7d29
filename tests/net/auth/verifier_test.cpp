// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What is accepted. What is not is in forged_tokens_test.cpp.
#include <troupe/net/auth/verifier.hpp>

#include "signing_key.hpp"
#include "support/catch.hpp"

using namespace troupe::net::auth;
using namespace troupe::net::auth::tests;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr unix_clock::time_point now{2'000'000'000s};

/// Why it is refused; empty if it is accepted.
std::string_view refused(const token_options& options, std::string_view token,
                         purpose what = purpose::connection, unix_clock::time_point at = now) {
  const auto verdict = verifier{options}.authenticate(token, what, at);
  if (const auto* no = std::get_if<refusal>(&verdict)) return no->why;
  const auto late = verifier::check_times(*std::get<verifier::authentic>(verdict).said, at);
  return late ? late->why : std::string_view{};
}

const token_options with_secret{.hmac_secret_key = "secret"};

} // namespace

TEST_CASE("verifier: the protocol's example tokens are as it says", "[net][auth][verifier]") {
  const auto accepted = [](std::string_view token, purpose what) {
    const auto verdict = verifier{with_secret}.authenticate(token, what, now);
    REQUIRE(std::holds_alternative<verifier::authentic>(verdict));
    return *std::get<verifier::authentic>(verdict).said;
  };
  CHECK(accepted("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiJ9."
                 "79CVgMIG_JB921dVUeJDWNJubJojFodH3-XtC_1C408", purpose::connection).user == "42");
  CHECK(accepted("eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiJ9."
                 "OOnmim08R5KPn3wNhfsu5HW2EyBxHZKIDBHSjSRDrCOhWlmKZr9e10Ktf-JcrAjCDBi6c-wB5_5HlUnSd2KN1g",
                 purpose::connection).user == "42");
  CHECK(accepted("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIifQ."
                 "4L69059Ugh1_92SlVGjqsOmCPJ6_H4MY1EAPJwleWX4", purpose::connection).user.empty());
  const auto ann = accepted(
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsImNoYW5uZWxzIjpbIm5ld3MiXSwiaW5mbyI6eyJuYW1l"
      "IjoiQW5uIn19.FECpdFuMDnvcrvCYKi48R_HoZHxr0W6z2hij2dxs2jA", purpose::connection);
  CHECK(ann.terms.info.bytes == R"({"name":"Ann"})");
  CHECK(ann.subs.contains("news"));
  const auto room = accepted(
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsImNoYW5uZWwiOiJjaGF0OnJvb20xIn0."
      "87JPFP1DADoDwcN7GhnTs9K8SlWwli8jplU9AkamAp8", purpose::subscription);
  CHECK(room.channel == "chat:room1");

  CHECK(refused(with_secret, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsImV4cCI6MTAwMDAwMDAwMH0."
                             "VyM4XOSE5PahW3hkxJnSIZ5pQ85f3vRSofg8OL_h9nQ") == "it has expired");
  CHECK(refused(with_secret,
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsImNoYW5uZWwiOiJjaGF0OnJvb20xIiwiZXhwIj"
                "oxMDAwMDAwMDAwfQ.3pjpUKrlXj-Tf0oIK_p1LLzLy-VWVDebsDJAZeyMiTQ",
                purpose::subscription) == "it has expired");
}

TEST_CASE("verifier: a type may be missing or in any case, a key ID needs no key of that name",
          "[net][auth][verifier]") {
  for (const auto* header : {R"({"alg":"HS256"})", R"({"alg":"HS256","typ":"jwt"})",
                             R"({"typ":"JWT","alg":"HS256","kid":"1"})"}) {
    CAPTURE(header);
    CHECK(refused(with_secret, signed_with("secret", algorithm::hs256, "{}", header)).empty());
  }
}

TEST_CASE("verifier: times have no leeway", "[net][auth][verifier]") {
  const auto at = [](std::string_view claims, unix_clock::time_point when) {
    return refused(with_secret, signed_with("secret", algorithm::hs256, claims), purpose::connection, when);
  };
  CHECK(at(R"({"exp":2000000000})", now - 1ms).empty());
  CHECK(at(R"({"exp":2000000000})", now) == "it has expired");
  CHECK(at(R"({"nbf":2000000000})", now) == "it is not valid yet");
  CHECK(at(R"({"nbf":2000000000})", now + 1ms).empty());
  CHECK(at(R"({"expire_at":2000000000})", now - 1ms).empty());
  CHECK(at(R"({"expire_at":2000000000})", now) == "what it grants is over");
  CHECK(at(R"({"exp":2000000000,"expire_at":0})", now) == "it has expired");
}

TEST_CASE("verifier: an audience is one of several, an issuer the only one", "[net][auth][verifier]") {
  const auto says = [](token_options options, std::string_view claims) {
    options.hmac_secret_key = "secret";
    return refused(options, signed_with("secret", algorithm::hs256, claims));
  };
  CHECK(says({.audience = "a"}, R"({"aud":"a"})").empty());
  CHECK(says({.audience = "a"}, R"({"aud":["b","a"]})").empty());
  CHECK(says({.audience = "a"}, R"({"aud":["b","aa"]})") == "it is for another audience");
  CHECK(says({.audience_regex = "a+"}, R"({"aud":["b","aa"]})").empty());
  CHECK(says({.audience_regex = "a+"}, R"({"aud":["aab"]})") == "it is for another audience");
  CHECK(says({.issuer = "i"}, R"({"iss":"i"})").empty());
  CHECK(says({.issuer = "i"}, R"({})") == "it is of another issuer");
  CHECK(says({.issuer_regex = "https://.*"}, R"({"iss":"https://x"})").empty());
  CHECK(says({.issuer_regex = "https://.*"}, R"({"iss":"http://x"})") == "it is of another issuer");
  const auto endless = R"({"iss":"https://)" + std::string(20'000, 'x') + R"("})";
  CHECK(says({.issuer_regex = "https://.*"}, endless) == "it is of another issuer"); // unmatched
}

TEST_CASE("verifier: a former secret is accepted until its end", "[net][auth][verifier]") {
  auto options = with_secret;
  options.hmac_previous_secret_key = "former";
  const auto token = signed_with("former", algorithm::hs256, R"({"sub":"42"})");
  CHECK(refused(options, token).empty());
  options.hmac_previous_secret_key_valid_until = 2'000'000'001;
  CHECK(refused(options, token).empty());
  CHECK_FALSE(refused(options, token, purpose::connection, now + 1s).empty());
  CHECK(refused(options, signed_with("secret", algorithm::hs256, "{}")).empty());
}

TEST_CASE("verifier: each of several keys is good", "[net][auth][verifier]") {
  const auto old_key = signing_key::ec("P-256");
  const auto new_key = signing_key::ec("P-256");
  const token_options options{.ecdsa_public_key = old_key.public_pem() + new_key.public_pem()};
  CHECK(refused(options, signed_with(old_key, algorithm::es256, "{}")).empty());
  CHECK(refused(options, signed_with(new_key, algorithm::es256, "{}")).empty());
}

TEST_CASE("verifier: options that do not hold are named", "[net][auth][verifier]") {
  CHECK_THROWS_WITH(verifier{{.rsa_public_key = "x"}}, Contains("rsa_public_key: is not a public key"));
  CHECK_THROWS_WITH(verifier{{.ecdsa_public_key = "x"}}, Contains("ecdsa_public_key"));
  CHECK_THROWS_WITH(verifier{{.audience_regex = "("}}, Contains("audience_regex"));
  CHECK_THROWS_WITH(verifier{{.issuer_regex = "("}}, Contains("issuer_regex"));
}
