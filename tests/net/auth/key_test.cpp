// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/key.hpp>

#include "signing_key.hpp"
#include "support/catch.hpp"

#include <stdexcept>

using namespace troupe::net;
using namespace troupe::net::auth;
using namespace troupe::net::auth::tests;
using Catch::Matchers::Contains;

TEST_CASE("key: each algorithm verifies what it signed, and no other text", "[net][auth][key]") {
  const auto check = [](const key& ours, const signing_key& theirs, algorithm which) {
    CAPTURE(to_string(which));
    const auto signature = theirs.sign(which, "text");
    CHECK(ours.verifies(which, "text", signature));
    CHECK_FALSE(ours.verifies(which, "Text", signature));
    for (const auto& row : algorithm_names)
      if (row.value != which) CHECK_FALSE(ours.verifies(row.value, "text", signature));
  };
  const auto rsa = signing_key::rsa();
  for (const auto which : {algorithm::rs256, algorithm::rs384, algorithm::rs512})
    check(key::rsa(rsa.public_pem()).front(), rsa, which);
  const auto ec = [&](const char* curve, algorithm which) {
    const auto theirs = signing_key::ec(curve);
    const auto ours = key::ecdsa(theirs.public_pem()).front();
    for (int i = 0; i < 20; ++i) check(ours, theirs, which); // r and s have leading zeros at times
  };
  ec("P-256", algorithm::es256);
  ec("P-384", algorithm::es384);
  ec("P-521", algorithm::es512);
  const auto edwards = signing_key::ed25519();
  check(key::of(edwards.native()), edwards, algorithm::eddsa);
}

TEST_CASE("key: HMAC is the one of RFC 4231", "[net][auth][key]") {
  // Test case 2.
  const auto code = sign(algorithm::hs256, "Jefe", "what do ya want for nothing?");
  CHECK(encode(base64::url, code) == "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
  CHECK(key::hmac("Jefe").verifies(algorithm::hs256, "what do ya want for nothing?", code));
}

TEST_CASE("key: several in a row are all read", "[net][auth][key]") {
  const auto one = signing_key::ec("P-256");
  const auto other = signing_key::ec("P-384");
  const auto keys = key::ecdsa(one.public_pem() + other.public_pem());
  REQUIRE(keys.size() == 2);
  CHECK(keys[0].what() == key::kind::p256);
  CHECK(keys[1].what() == key::kind::p384);
}

TEST_CASE("key: what cannot be trusted with tokens is refused", "[net][auth][key]") {
  const auto ec = signing_key::ec("P-256");
  CHECK_THROWS_WITH(key::rsa(signing_key::rsa(1024).public_pem()), Contains("2048"));
  CHECK_THROWS_WITH(key::rsa(ec.public_pem()), Contains("not for RSA"));
  CHECK_THROWS_WITH(key::ecdsa(signing_key::ed25519().public_pem()), Contains("not for ECDSA"));
  CHECK_THROWS_WITH(key::ecdsa(signing_key::ec("secp256k1").public_pem()), Contains("curve"));
  CHECK_THROWS_WITH(key::ecdsa(ec.private_pem()), Contains("not a public key"));
  CHECK_THROWS_WITH(key::ecdsa("rubbish"), Contains("not a public key"));
  CHECK_THROWS_WITH(key::ecdsa(ec.public_pem() + ec.public_pem().substr(0, 60)),
                    Contains("not a public key"));
}

TEST_CASE("key: one can be limited to an algorithm", "[net][auth][key]") {
  const auto any = key::hmac("secret");
  const auto one = any.only_for(algorithm::hs512);
  CHECK(any.fits(algorithm::hs256));
  CHECK_FALSE(one.fits(algorithm::hs256));
  CHECK(one.fits(algorithm::hs512));
}
