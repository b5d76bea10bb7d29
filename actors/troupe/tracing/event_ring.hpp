// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// EVENT RING: from one writing thread to one reading thread; neither ever waits. Bounded by: its capacity,
// beyond which the writer gets no room.
#pragma once
#include <troupe/client_id.hpp>
#include <troupe/tracing/sighting.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace troupe::tracing {

/// A sighting that was kept.
struct event {
  static constexpr std::size_t max_shown = 256;

  std::int64_t when = 0; ///< Of the system's clock, in nanoseconds.
  std::uint64_t actor = 0;
  client_id connection{}; ///< Zero unless it is one.
  direction to = direction::in;
  const std::type_info* message = nullptr;
  const char* what = "";
  std::string_view note;
  std::size_t bytes = 0; ///< Of the payload.
  std::size_t shown = 0; ///< Of these in `payload`.
  std::array<char, max_shown> payload;
};

class event_ring {
public:
  static constexpr std::size_t capacity = 256;

  /// Writer. @returns null if the reader is that far behind.
  [[nodiscard]] event* begin_write() noexcept {
    const auto at = written_.load(std::memory_order_relaxed);
    if (at - read_.load(std::memory_order_acquire) == capacity) return nullptr;
    return &events_[at % capacity];
  }
  void end_write() noexcept { written_.store(written_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  /// Reader. Calls `visit(event)` for what has come, oldest first, at most `most`.
  template <class F>
  void take(std::size_t most, F visit) {
    const auto from = read_.load(std::memory_order_relaxed);
    const auto to = from + std::min(most, written_.load(std::memory_order_acquire) - from);
    for (auto at = from; at != to; ++at) visit(events_[at % capacity]);
    read_.store(to, std::memory_order_release);
  }

private:
  std::unique_ptr<event[]> events_ = std::make_unique<event[]>(capacity);
  alignas(64) std::atomic<std::size_t> written_{0};
  alignas(64) std::atomic<std::size_t> read_{0};
};

} // namespace troupe::tracing
