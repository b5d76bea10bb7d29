// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Tokens, claims and key sets of strangers. Each input is all three in turn. Whatever it is, nobody without
// the secret may make a token that is accepted.
#include "expect.hpp"

#include <troupe/net/auth/jwks.hpp>
#include <troupe/net/auth/token.hpp>
#include <troupe/net/auth/verifier.hpp>

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  using namespace troupe::net::auth;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  static const verifier judge{{.hmac_secret_key = "a secret that the fuzzer does not know"}};
  const unix_clock::time_point now{std::chrono::seconds{1'000'000'000}};
  for (const auto what : {purpose::connection, purpose::subscription})
    fuzz::expect(std::holds_alternative<refusal>(judge.authenticate(input, what, now)));
  claims said;
  if (read_claims(input, "sub", said).empty()) {
    (void)verifier::check_times(said, now);
    // What was read is read again out of a token.
    const auto text = make_token(algorithm::hs256, "secret", input);
    token parsed;
    if (parse(text, parsed).empty()) fuzz::expect(parsed.claims == input);
  }
  (void)read_key_set(input);
  return 0;
}
