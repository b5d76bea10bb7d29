// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/meters/dead_letters.hpp>

#include <algorithm>

namespace troupe::meters {

void dead_letters::add(const dead_letter& one) noexcept {
  const auto number = count_.fetch_add(1, std::memory_order_relaxed) + 1;
  auto& at = slots_[number % kept];
  at.number.store(0, std::memory_order_release);
  // Releases, so that whoever sees one of these sees the 0 before it.
  at.when.store(one.when, std::memory_order_release);
  at.message.store(one.message, std::memory_order_release);
  at.name.store(one.name, std::memory_order_release);
  at.to.store(one.to, std::memory_order_release);
  at.from.store(one.from, std::memory_order_release);
  at.number.store(number, std::memory_order_release);
}

std::optional<dead_letter> dead_letters::read(std::uint64_t number) const noexcept {
  const auto& at = slots_[number % kept];
  if (at.number.load(std::memory_order_acquire) != number) return std::nullopt;
  const dead_letter one{at.when.load(std::memory_order_acquire), at.message.load(std::memory_order_acquire),
                        at.name.load(std::memory_order_acquire), at.to.load(std::memory_order_acquire),
                        at.from.load(std::memory_order_acquire)};
  if (at.number.load(std::memory_order_acquire) != number) return std::nullopt;
  return one;
}

std::vector<dead_letter> dead_letters::recent() const {
  std::vector<dead_letter> all;
  const auto last = count();
  for (auto number = last; number > last - std::min<std::uint64_t>(last, kept); --number)
    if (const auto one = read(number)) all.push_back(*one);
  return all;
}

} // namespace troupe::meters
