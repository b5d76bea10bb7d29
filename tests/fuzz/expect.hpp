// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A fuzz target's assertion: ends the process, in every kind of build, where the fuzzer notices.
#pragma once
#include <cstdlib>

namespace troupe::fuzz {

inline void expect(bool holds) {
  if (!holds) std::abort();
}

} // namespace troupe::fuzz
