// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Tokens made by people who should not be able to: none may be accepted.
#include <troupe/net/auth/token.hpp>
#include <troupe/net/auth/verifier.hpp>

#include "signing_key.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace troupe::net;
using namespace troupe::net::auth;
using namespace troupe::net::auth::tests;
using namespace std::chrono_literals;

namespace {

constexpr unix_clock::time_point now{2'000'000'000s};
constexpr auto secret = "a secret of the server's";
const std::string claims_of_42 = R"({"sub":"42","aud":"troupe","iss":"us","exp":2000000060})";

struct forged {
  const char* how;
  std::string token;
  purpose what = purpose::connection;
};

struct world {
  signing_key rsa = signing_key::rsa();
  signing_key ec = signing_key::ec("P-256");
  signing_key other_rsa = signing_key::rsa();
  signing_key other_ec = signing_key::ec("P-256");
  signing_key p384 = signing_key::ec("P-384");
  token_options options{.hmac_secret_key = secret,
                        .hmac_previous_secret_key = "former",
                        .hmac_previous_secret_key_valid_until = 1'999'999'999,
                        .rsa_public_key = rsa.public_pem(),
                        .ecdsa_public_key = ec.public_pem(),
                        .audience = "troupe",
                        .issuer = "us"};
  verifier judge{options};

  bool accepts(const std::string& token, purpose what) const {
    const auto verdict = judge.authenticate(token, what, now);
    const auto* good = std::get_if<verifier::authentic>(&verdict);
    return good && !verifier::check_times(*good->said, now);
  }
};

std::string hs256(std::string_view claims, std::string header = {}, std::string_view with = secret) {
  return signed_with(with, algorithm::hs256, claims, std::move(header));
}

/// The same token with its last part replaced.
std::string resigned(const std::string& token, std::string_view signature) {
  return token.substr(0, token.rfind('.') + 1) + url(signature);
}

std::vector<forged> without_key(const world& w) {
  const auto good = hs256(claims_of_42);
  const auto none = [](const char* name, std::string_view signature = {}) {
    return unsigned_token(std::string{R"({"alg":")"} + name + R"(","typ":"JWT"})", claims_of_42) + '.' +
           url(signature);
  };
  const auto mac = *decode(base64::url, std::string_view{good}.substr(good.rfind('.') + 1));
  auto flipped = mac;
  flipped.back() ^= 1;
  const auto by_ec = signed_with(w.ec, algorithm::es256, claims_of_42);
  const auto attackers = R"(,"jwk":{"kty":"oct","k":"YQ"},"jku":"https://evil.example/keys","x5u":"https://evil.example/cert"})";
  // The order of P-256.
  const std::string order{"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
                          "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51", 32};
  const std::string zero(32, '\0');
  return {
      {"no algorithm, no signature", none("none")},
      {"no algorithm in other letters", none("nOnE")},
      {"no algorithm with a signature", none("none", mac)},
      {"an algorithm without a signature", none("HS256")},
      {"an algorithm nobody knows", none("HS1", mac)},
      {"an algorithm in small letters", none("hs256", mac)},
      {"an RSA algorithm that is not configured", none("PS256", w.rsa.sign(algorithm::rs256, good))},
      {"another secret", hs256(claims_of_42, {}, "secret")},
      {"an empty secret", hs256(claims_of_42, {}, "")},
      {"a former secret after its end", hs256(claims_of_42, {}, "former")},
      {"the public RSA key as a secret", hs256(claims_of_42, {}, w.rsa.public_pem())},
      {"the public ECDSA key as a secret", hs256(claims_of_42, {}, w.ec.public_pem())},
      {"another RSA key", signed_with(w.other_rsa, algorithm::rs256, claims_of_42)},
      {"another ECDSA key", signed_with(w.other_ec, algorithm::es256, claims_of_42)},
      {"a key on another curve", signed_with(w.p384, algorithm::es384, claims_of_42)},
      {"a signature of another curve", signed_with(w.p384, algorithm::es384, claims_of_42,
                                                   header_of(algorithm::es256))},
      {"a secret's signature as RSA's", hs256(claims_of_42, header_of(algorithm::rs256))},
      {"RSA's signature as a secret's", signed_with(w.rsa, algorithm::rs256, claims_of_42,
                                                    header_of(algorithm::hs256))},
      {"another length of digest", signed_with(w.rsa, algorithm::rs256, claims_of_42,
                                               header_of(algorithm::rs512))},
      {"zeros as ECDSA's signature", resigned(by_ec, zero + zero)},
      {"r zero, s the order", resigned(by_ec, zero + order)},
      {"r and s the order", resigned(by_ec, order + order)},
      {"ECDSA's signature in DER",
       resigned(by_ec, w.ec.sign_raw(algorithm::es256, by_ec.substr(0, by_ec.rfind('.'))))},
      {"a key of the attacker in the header", hs256(claims_of_42, R"({"alg":"HS256")" + std::string{attackers}, "a")},
      {"half a signature", resigned(good, mac.substr(0, 16))},
      {"a signature and a byte", resigned(good, mac + '\0')},
      {"a bit of the signature flipped", resigned(good, flipped)},
      {"other claims", unsigned_token(header_of(algorithm::hs256), R"({"sub":"43","aud":"troupe","iss":"us"})") +
                           good.substr(good.rfind('.'))},
      {"another header", unsigned_token(R"({"alg":"HS256"})", claims_of_42) + good.substr(good.rfind('.'))},
  };
}

std::vector<forged> of_other_form() {
  const auto good = hs256(claims_of_42);
  const auto last = good.rfind('.');
  auto unpadded_bits = good; // 256 bits leave two of the last letter unused
  unpadded_bits.back() = unpadded_bits.back() == 'A' ? 'B' : static_cast<char>(unpadded_bits.back() + 1);
  return {
      {"nothing", ""},
      {"dots alone", ".."},
      {"two parts", good.substr(0, last)},
      {"four parts", good + ".x"},
      {"five parts, encrypted", good + ".x.y"},
      {"padding", good + "="},
      {"bits that belong to no byte", unpadded_bits},
      {"a blank before it", " " + good},
      {"a line end after it", good + "\n"},
      {"a zero byte after it", good + std::string(1, '\0')},
      {"a line end within it", good.substr(0, last) + "\n" + good.substr(last)},
      {"more than anybody reads", hs256(R"({"sub":"42","aud":"troupe","iss":"us","x":")" +
                                        std::string(max_token_bytes, 'x') + "\"}")},
      {"a header that is no JSON", hs256(claims_of_42, "HS256")},
      {"a header in an array", hs256(claims_of_42, R"([{"alg":"HS256"}])")},
      {"two algorithms", hs256(claims_of_42, R"({"alg":"none","alg":"HS256"})")},
      {"an algorithm that is a list", hs256(claims_of_42, R"({"alg":["HS256"]})")},
      {"a header without algorithm", hs256(claims_of_42, R"({"typ":"JWT"})")},
      {"another type", hs256(claims_of_42, R"({"alg":"HS256","typ":"JOSE"})")},
      {"the type of another token", hs256(claims_of_42, R"({"alg":"HS256","typ":"at+jwt"})")},
      {"extensions that have to be understood",
       hs256(claims_of_42, R"({"alg":"HS256","b64":false,"crit":["b64"]})")},
      {"a key ID that is a number", hs256(claims_of_42, R"({"alg":"HS256","kid":1})")},
  };
}

/// Signed as they should be, and worth nothing here.
std::vector<forged> with_other_claims() {
  const auto with = [](const char* how, std::string_view claims, purpose what = purpose::connection) {
    return forged{how, hs256(claims), what};
  };
  return {
      with("claims in an array", R"(["sub"])"),
      with("two users", R"({"sub":"1","sub":"42","aud":"troupe","iss":"us"})"),
      with("a user that is a number", R"({"sub":42,"aud":"troupe","iss":"us"})"),
      with("no UTF-8", "{\"sub\":\"\xc0\xaf\",\"aud\":\"troupe\",\"iss\":\"us\"}"),
      with("another audience", R"({"sub":"42","aud":"Troupe","iss":"us"})"),
      with("no audience", R"({"sub":"42","iss":"us"})"),
      with("another issuer", R"({"sub":"42","aud":"troupe","iss":"us "})"),
      with("no issuer", R"({"sub":"42","aud":"troupe"})"),
      with("too late", R"({"sub":"42","aud":"troupe","iss":"us","exp":2000000000})"),
      with("too early", R"({"sub":"42","aud":"troupe","iss":"us","nbf":2000000000})"),
      with("an end that is text", R"({"sub":"42","aud":"troupe","iss":"us","exp":"2000000060"})"),
      with("an end at zero", R"({"sub":"42","aud":"troupe","iss":"us","exp":0})"),
      with("a subscription token to connect", R"({"sub":"42","aud":"troupe","iss":"us","channel":"a"})"),
      with("a connection token to subscribe", claims_of_42, purpose::subscription),
  };
}

} // namespace

TEST_CASE("forged tokens: none is accepted", "[net][auth][forged]") {
  const world w;
  REQUIRE(w.accepts(hs256(claims_of_42), purpose::connection));
  REQUIRE(w.accepts(signed_with(w.rsa, algorithm::rs256, claims_of_42), purpose::connection));
  REQUIRE(w.accepts(signed_with(w.ec, algorithm::es256, claims_of_42), purpose::connection));
  std::size_t count = 0;
  for (const auto& table : {without_key(w), of_other_form(), with_other_claims()})
    for (const auto& each : table) {
      CAPTURE(each.how);
      CHECK_FALSE(w.accepts(each.token, each.what));
      ++count;
    }
  CHECK(count >= 30);
}

TEST_CASE("forged tokens: no letter of a token can be replaced", "[net][auth][forged]") {
  const world w;
  const auto good = hs256(claims_of_42);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CAPTURE(i);
    CHECK_FALSE(w.accepts(changed, purpose::connection));
  }
}

TEST_CASE("forged tokens: keys of an endpoint are known by name and for their own algorithm",
          "[net][auth][forged]") {
  const auto theirs = signing_key::rsa();
  verifier judge{{.hmac_secret_key = "secret", .jwks_public_endpoint = "https://keys.example"}};
  judge.set_keys({key::rsa(theirs.public_pem()).front().named("one").only_for(algorithm::rs256)});
  const auto cause = [&](const std::string& token) {
    const auto verdict = judge.authenticate(token, purpose::connection, now);
    const auto* no = std::get_if<refusal>(&verdict);
    return no ? std::optional{no->what} : std::nullopt;
  };
  const auto by = [&](algorithm which, std::string header) {
    return signed_with(theirs, which, "{}", std::move(header));
  };
  CHECK_FALSE(cause(by(algorithm::rs256, R"({"alg":"RS256","kid":"one"})")));
  CHECK(cause(by(algorithm::rs512, R"({"alg":"RS512","kid":"one"})")) == refusal::cause::invalid);
  CHECK(cause(by(algorithm::rs256, R"({"alg":"RS256"})")) == refusal::cause::invalid);
  CHECK(cause(by(algorithm::rs256, R"({"alg":"RS256","kid":"two"})")) == refusal::cause::unknown_key);
  CHECK(cause(signed_with("secret", algorithm::hs256, "{}", R"({"alg":"HS256","kid":"one"})")) ==
        refusal::cause::invalid);
}
