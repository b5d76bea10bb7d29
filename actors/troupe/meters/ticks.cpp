// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/meters/ticks.hpp>

namespace troupe::meters {

namespace {

struct moment {
  std::chrono::steady_clock::time_point time = std::chrono::steady_clock::now();
  std::uint64_t ticks = meters::ticks();
};

const moment start;

} // namespace

double ns_per_tick() noexcept {
#if defined(__x86_64__)
  // Too short a span says nothing: what is asked for that early comes from a wait of its own.
  constexpr std::chrono::nanoseconds least = std::chrono::milliseconds{1};
  moment now;
  while (now.time - start.time < least) now = {};
  const std::chrono::duration<double, std::nano> passed = now.time - start.time;
  return passed.count() / static_cast<double>(now.ticks - start.ticks);
#else
  return 1e9 * std::chrono::steady_clock::period::num / std::chrono::steady_clock::period::den;
#endif
}

} // namespace troupe::meters
