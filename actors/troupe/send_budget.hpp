// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SEND BUDGET: how many bytes of messages may wait in a node to be fanned out. Whoever sends takes from it, so
// that a sender on any thread learns at once that it is too fast; the REGISTRY gives back.
// Thread: any.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace troupe {

/// Whether the node took a message in.
enum class acceptance : std::uint8_t {
  accepted,
  over_budget, ///< Too much waits to be fanned out: nobody gets it. Later it may be taken.
};

class send_budget {
public:
  explicit send_budget(std::size_t max_bytes) noexcept : max_(max_bytes) {}

  /// Takes the bytes of a message, or counts a refusal if that would be more than there may be.
  [[nodiscard]] acceptance take(std::size_t bytes) noexcept {
    auto used = used_.load(std::memory_order_relaxed);
    do {
      if (used + bytes > max_) {
        refused_.fetch_add(1, std::memory_order_relaxed);
        return acceptance::over_budget;
      }
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return acceptance::accepted;
  }
  /// Takes them in any case: what clients send has a bound of its own.
  void take_always(std::size_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void give_back(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  /// Refusals since this was last called.
  [[nodiscard]] std::uint64_t take_refusals() noexcept {
    return refused_.exchange(0, std::memory_order_relaxed);
  }

private:
  const std::size_t max_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::uint64_t> refused_{0};
};

} // namespace troupe
