// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/memory_budget.hpp>

namespace troupe::net {

memory_budget::level memory_budget::update(std::size_t resident) noexcept {
  if (!is_set()) return level::normal;
  const auto hundredth = bytes_ / 100;
  // What is shedding goes on until there is some room, lest it begins again at once.
  const auto shed_from = (now() == level::normal ? 80 : 75) * hundredth;
  const auto full_from = (now() == level::full ? 90 : 95) * hundredth;
  const auto next = resident >= full_from ? level::full : resident >= shed_from ? level::shedding : level::normal;
  const auto halvings = halvings_.load(std::memory_order_relaxed);
  if (next != level::normal && halvings < most_halvings) halvings_.store(halvings + 1, std::memory_order_relaxed);
  if (next == level::normal && halvings > 0) halvings_.store(halvings - 1, std::memory_order_relaxed);
  level_.store(next, std::memory_order_relaxed);
  return next;
}

} // namespace troupe::net
