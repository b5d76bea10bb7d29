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

  /// What the program takes, in bytes: as measured last, and what frames have grown by since.
  [[nodiscard]] std::size_t taken() const noexcept;
  [[nodiscard]] level now() const noexcept;
  /// From 70 % on: the rest may be gone soon.
  [[nodiscard]] bool is_tight() const noexcept;

  /// What may be left queued of a queue's bound: half of it from 80 % on, and half as much again with each 2.5 % more.
  /// So the longest queues give way first, and no more than have to.
  [[nodiscard]] std::size_t share(std::size_t max_bytes) const noexcept;

  /// @param resident What the program takes now, in bytes.
  level update(std::size_t resident) noexcept;

private:
  [[nodiscard]] std::size_t permille() const noexcept;

  std::size_t bytes_;
  std::atomic<std::ptrdiff_t> beside_frames_{0}; // resident, but for frames
  std::atomic<level> level_{level::normal};      // at the last update
};

} // namespace troupe::net
