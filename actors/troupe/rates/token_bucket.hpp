// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TOKEN BUCKET: whether something may happen now, by a rate. Keeps only the time at which it will be full
// again, so that it fills without a timer. Owner: whoever asks, on its thread.
#pragma once
#include <troupe/rates/options.hpp>

#include <algorithm>
#include <chrono>

namespace troupe::rates {

class token_bucket {
public:
  using clock = std::chrono::steady_clock;

  /// Takes one out, if there is one. @param limit Set. Where it is another one than before, what was taken counts for the
  /// time it took to come back; of one that is empty nobody waits longer than `limit` says.
  [[nodiscard]] bool take(const rate& limit, clock::time_point now) noexcept {
    const auto one = std::chrono::duration_cast<clock::duration>(limit.period) / limit.count;
    const auto most = one * (limit.burst != 0 ? limit.burst : limit.count);
    full_at_ = std::min(full_at_, now + most); // beyond that by another limit only
    const auto full = std::max(full_at_, now) + one;
    if (full - now > most) return false;
    full_at_ = full;
    return true;
  }

  /// As if it had never been used.
  [[nodiscard]] bool is_full(clock::time_point now) const noexcept { return full_at_ <= now; }

private:
  clock::time_point full_at_{};
};

} // namespace troupe::rates
