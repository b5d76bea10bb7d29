// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// MEMORY BUDGET: what the whole program may take, and what gives way before it is gone. From 80 % on upgrades are
// refused and queues must shrink, those of the slowest clients first; from 95 % on nothing is accepted.
// Thread: any; update() on loop 0 only.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace troupe::net {

class memory_budget {
public:
  enum class level : std::uint8_t { normal, shedding, full };

  /// @param bytes 0 is no budget.
  explicit memory_budget(std::size_t bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] bool is_set() const noexcept { return bytes_ != 0; }
  [[nodiscard]] level now() const noexcept { return level_.load(std::memory_order_relaxed); }

  /// What may be left queued of a queue's bound. Half as much at each update that finds us shedding, twice
  /// as much at each that does not: so the longest queues give way first, and no more than have to.
  [[nodiscard]] std::size_t share(std::size_t max_bytes) const noexcept {
    return max_bytes >> halvings_.load(std::memory_order_relaxed);
  }

  /// @param resident What the program takes now, in bytes.
  level update(std::size_t resident) noexcept;

private:
  static constexpr unsigned most_halvings = 6;

  std::size_t bytes_;
  std::atomic<level> level_{level::normal};
  std::atomic<unsigned> halvings_{0};
};

} // namespace troupe::net
