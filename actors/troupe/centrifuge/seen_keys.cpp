// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/seen_keys.hpp>

#include <utility>

namespace troupe::centrifuge {

const stream_position* seen_keys::find(const std::string& key, time_point now) {
  forget_old(now);
  const auto found = answers_.find(key);
  return found == answers_.end() ? nullptr : &found->second;
}

void seen_keys::add(std::string key, stream_position answer, time_point now) {
  if (order_.size() == max_keys) forget_oldest();
  answers_.emplace(key, std::move(answer));
  order_.push_back({std::move(key), now});
}

std::vector<stream_key> seen_keys::all(time_point now) {
  forget_old(now);
  std::vector<stream_key> known;
  known.reserve(order_.size());
  for (const auto& [key, when] : order_)
    known.push_back({key, answers_.at(key).offset, std::chrono::duration_cast<std::chrono::milliseconds>(now - when)});
  return known;
}

seen_keys::time_point seen_keys::forgotten_at() const noexcept {
  return order_.empty() ? time_point{} : order_.back().when + kept;
}

void seen_keys::forget_old(time_point now) {
  while (!order_.empty() && now >= order_.front().when + kept) forget_oldest();
}

void seen_keys::forget_oldest() {
  answers_.erase(order_.front().key);
  order_.pop_front();
}

} // namespace troupe::centrifuge
