// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/meters/loop_meters.hpp>

namespace troupe::meters {

std::chrono::nanoseconds loop_meters::busy() const noexcept {
  const auto clock = processor_clock.load(std::memory_order_acquire);
  timespec spent{};
  if (clock == no_clock || clock_gettime(clock, &spent) != 0) return {};
  return std::chrono::seconds{spent.tv_sec} + std::chrono::nanoseconds{spent.tv_nsec};
}

} // namespace troupe::meters
