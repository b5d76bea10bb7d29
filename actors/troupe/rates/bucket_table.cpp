// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/rates/bucket_table.hpp>

#include <algorithm>

namespace troupe::rates {

token_bucket& bucket_table::of(std::string_view name, operation what, time_point now) {
  auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    for (auto some = 2; some != 0 && entries_.size() >= max_names_; --some) forget_last(now);
    entries_.push_front({std::string{name}, {}});
    found = by_name_.emplace(entries_.front().name, entries_.begin()).first;
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  return found->second->buckets[static_cast<std::size_t>(what)];
}

void bucket_table::forget_last(time_point now) {
  const auto& last = entries_.back();
  const auto is_full = [now](const token_bucket& b) { return b.is_full(now); };
  if (!std::ranges::all_of(last.buckets, is_full)) ++forgotten_;
  by_name_.erase(last.name);
  entries_.pop_back();
}

} // namespace troupe::rates
