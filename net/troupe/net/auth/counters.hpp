// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What an AUTHENTICATOR has seen. One writer, any number of readers.
#pragma once
#include <troupe/counters.hpp>

namespace troupe::net::auth {

struct counters {
  counter accepted;    ///< Tokens that were worth something.
  counter refused;     ///< Invalid ones.
  counter expired;     ///< Too late, too early, or over.
  counter unavailable; ///< Nobody could tell: too many at once, or no keys.
  counter cached;      ///< Signatures that were known to be good already.
  counter keys_fetched;
  counter keys_not_fetched;
};

/// As they are shown.
struct token_figure {
  const char* name;
  counter counters::*value;
};
inline constexpr token_figure token_figures[] = {
    {"tokens_accepted", &counters::accepted},       {"tokens_refused", &counters::refused},
    {"tokens_expired", &counters::expired},         {"tokens_unavailable", &counters::unavailable},
    {"tokens_cached", &counters::cached},
    {"keys_fetched", &counters::keys_fetched},      {"keys_not_fetched", &counters::keys_not_fetched},
};

/// Why tokens are worth nothing, as metrics tell it.
struct refusal_figure {
  const char* reason;
  counter counters::*value;
};
inline constexpr refusal_figure refusal_figures[] = {
    {"invalid", &counters::refused},
    {"expired", &counters::expired},
    {"unavailable", &counters::unavailable},
};

} // namespace troupe::net::auth
