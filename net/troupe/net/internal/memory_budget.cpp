// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/memory_budget.hpp>

#include <troupe/frame_memory.hpp>

#include <algorithm>

namespace troupe::net {

namespace {

constexpr std::size_t tight_from = 700; // thousandths of the budget
constexpr std::size_t shed_from = 800;
constexpr std::size_t full_from = 950;
constexpr std::size_t halved_each = 25;
constexpr std::size_t most_halvings = 7;

memory_budget::level level_of(std::size_t permille, std::size_t shed, std::size_t full) noexcept {
  using level = memory_budget::level;
  return permille >= full ? level::full : permille >= shed ? level::shedding : level::normal;
}

} // namespace

std::size_t memory_budget::taken() const noexcept {
  const auto bytes = beside_frames_.load(std::memory_order_relaxed) + static_cast<std::ptrdiff_t>(frame_bytes_alive());
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(bytes, 0));
}

std::size_t memory_budget::permille() const noexcept { return taken() / (bytes_ / 1000); }

memory_budget::level memory_budget::now() const noexcept {
  if (!is_set()) return level::normal;
  return std::max(level_.load(std::memory_order_relaxed), level_of(permille(), shed_from, full_from));
}

bool memory_budget::is_tight() const noexcept { return is_set() && permille() >= tight_from; }

std::size_t memory_budget::share(std::size_t max_bytes) const noexcept {
  if (!is_set()) return max_bytes;
  const auto used = permille();
  if (used < shed_from) return max_bytes;
  return max_bytes >> std::min((used - shed_from) / halved_each + 1, most_halvings);
}

memory_budget::level memory_budget::update(std::size_t resident) noexcept {
  if (!is_set()) return level::normal;
  beside_frames_.store(static_cast<std::ptrdiff_t>(resident) - static_cast<std::ptrdiff_t>(frame_bytes_alive()),
                       std::memory_order_relaxed);
  // What is shedding goes on until there is some room, lest it begins again at once.
  const auto before = level_.load(std::memory_order_relaxed);
  const auto next = level_of(permille(), before == level::normal ? shed_from : shed_from - 50,
                             before == level::full ? full_from - 50 : full_from);
  level_.store(next, std::memory_order_relaxed);
  return next;
}

} // namespace troupe::net
