// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/meters/way_sampler.hpp>

#include <utility>

namespace troupe::meters {

void way_sampler::fanned_out(const delivery& what) noexcept {
  const auto now = clock::now();
  what.sample(now);
  if (what.born != clock::time_point{}) of(stage::ingress).add(now - what.born);
}

way_sampler::clock::time_point way_sampler::queued(const delivery& what) noexcept {
  if (std::exchange(last_, &what) != &what) seen_ = 0;
  if (seen_++ % one_in != 0) return {};
  const auto now = clock::now();
  of(stage::mailbox).add(now - what.sampled());
  return now;
}

void way_sampler::left(clock::time_point queued_at) noexcept {
  of(stage::queue).add(clock::now() - queued_at);
}

} // namespace troupe::meters
