// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/jwks.hpp>

#include "signing_key.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

using namespace troupe::net::auth;
using namespace troupe::net::auth::tests;

namespace {

/// Keys of RFC 7517, appendix A.1, and of RFC 8037, appendix A.2.
const std::string ec_members = R"("kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM")";
const std::string edwards_members = R"("kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";

std::vector<key> keys_of(const std::string& one) {
  const auto keys = read_key_set(R"({"keys":[{)" + one + "}]}");
  REQUIRE(keys);
  return *keys;
}

} // namespace

TEST_CASE("key set: keys of every kind are read, with their names", "[net][auth][jwks]") {
  const auto keys = read_key_set(fmt::format(R"({{"keys":[{{"kid":"1",{}}},{{"kid":"2","use":"sig","alg":"EdDSA",{}}}]}})",
                                             ec_members, edwards_members));
  REQUIRE(keys);
  REQUIRE(keys->size() == 2);
  CHECK(keys->at(0).id() == "1");
  CHECK(keys->at(0).what() == key::kind::p256);
  CHECK(keys->at(1).id() == "2");
  CHECK(keys->at(1).what() == key::kind::ed25519);
}

TEST_CASE("key set: a key verifies what its owner signs", "[net][auth][jwks]") {
  const auto rsa = signing_key::rsa();
  const auto keys = keys_of(fmt::format(R"("kid":"1",{})", rsa.jwk_members()));
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].verifies(algorithm::rs384, "text", rsa.sign(algorithm::rs384, "text")));
  for (const auto& [curve, which] : {std::pair{"P-256", algorithm::es256}, std::pair{"P-384", algorithm::es384},
                                     std::pair{"P-521", algorithm::es512}}) {
    CAPTURE(curve);
    const auto ec = signing_key::ec(curve);
    const auto of_curve = keys_of(fmt::format(R"("kid":"1",{})", ec.jwk_members()));
    REQUIRE(of_curve.size() == 1);
    CHECK(of_curve[0].verifies(which, "text", ec.sign(which, "text")));
  }
}

TEST_CASE("key set: an algorithm limits its key", "[net][auth][jwks]") {
  const auto rsa = signing_key::rsa();
  const auto keys = keys_of(fmt::format(R"("kid":"1","alg":"RS256",{})", rsa.jwk_members()));
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].fits(algorithm::rs256));
  CHECK_FALSE(keys[0].fits(algorithm::rs512));
}

TEST_CASE("key set: keys that are no use are left out", "[net][auth][jwks]") {
  for (const auto& one : {
           ec_members,                                                    // no name
           R"("kid":"1","use":"enc",)" + ec_members,                      // for encryption
           R"("kid":"1","alg":"RS256",)" + ec_members,                    // of another algorithm
           R"("kid":"1","alg":"HS256",)" + ec_members,
           std::string{R"("kid":"1","kty":"oct","k":"c2VjcmV0")"},        // a published secret is none
           R"("kid":"1",)" + signing_key::rsa(1024).jwk_members(),        // too weak
           std::string{R"("kid":"1","kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA")"},
           R"("kid":"1","kty":"EC","crv":"P-256","x":")" + url(std::string(32, '\1')) + R"(","y":")" +
               url(std::string(32, '\1')) + "\"",                         // not on the curve
           std::string{R"("kid":"1","kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA")"},
           std::string{R"("kid":"1","kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")"},
           std::string{R"("kid":"1","kty":"RSA","n":"","e":"AQAB")"},
           std::string{R"("kid":"1","kty":"RSA")"},
           std::string{R"("kid":1,"kty":"RSA")"},
       }) {
    CAPTURE(one);
    CHECK(keys_of(one).empty());
  }
}

TEST_CASE("key set: what is none is told from an empty one", "[net][auth][jwks]") {
  CHECK(read_key_set(R"({"keys":[]})")->empty());
  CHECK(read_key_set(R"({"keys":[1,"x",[]]})")->empty());
  for (const auto* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})", "<html>"}) {
    CAPTURE(text);
    CHECK_FALSE(read_key_set(text));
  }
  std::string many;
  for (int i = 0; i < 65; ++i) many += i ? ",{}" : "{}";
  CHECK_FALSE(read_key_set(R"({"keys":[)" + many + "]}"));
}
