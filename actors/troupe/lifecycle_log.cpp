// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/lifecycle_log.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

bool lifecycle_log::add(connection_observer who) {
  const auto known = std::any_of(observers_.begin(), observers_.end(),
                                 [&](const observer& o) { return o.who == who; });
  if (!known) observers_.push_back({std::move(who), first_ + events_.size()});
  return !known;
}

bool lifecycle_log::remove(caf::actor_id who) {
  const auto removed = std::erase_if(observers_, [&](const observer& o) { return o.who.id() == who; });
  trim();
  return removed != 0;
}

void lifecycle_log::append(connection_event event) {
  if (observers_.empty()) return;
  events_.push_back(std::move(event));
  if (events_.size() > limits_.max_lag) drop_oldest();
}

void lifecycle_log::drop_oldest() {
  const bool down = std::holds_alternative<connection_down>(events_.front());
  const bool refused = std::holds_alternative<connection_refused>(events_.front());
  for (auto& o : observers_) {
    if (o.next != first_) continue;
    ++o.next;
    ++o.missed;
    if (down) ++o.missed_downs;
    if (refused) ++o.missed_refusals;
  }
  events_.pop_front();
  ++first_;
}

std::optional<connection_events> lifecycle_log::next(observer& o, std::uint16_t shard) {
  const auto from = static_cast<std::size_t>(o.next - first_);
  if (from == events_.size()) return std::nullopt;
  const auto n = std::min(limits_.batch, events_.size() - from);
  const auto begin = events_.begin() + static_cast<std::ptrdiff_t>(from);
  o.next += n;
  return connection_events{shard, std::exchange(o.missed, 0), std::exchange(o.missed_downs, 0),
                           std::exchange(o.missed_refusals, 0),
                           {begin, begin + static_cast<std::ptrdiff_t>(n)}};
}

void lifecycle_log::noted(caf::actor_id who) {
  for (auto& o : observers_)
    if (o.who.id() == who) o.waiting = false;
}

void lifecycle_log::trim() {
  auto needed = first_ + events_.size();
  for (const auto& o : observers_) needed = std::min(needed, o.next);
  for (; first_ < needed; ++first_) events_.pop_front();
}

} // namespace troupe
