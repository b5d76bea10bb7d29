// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DEAD LETTERS: messages that came when their receiver had ended: how many, and the last ones.
// Thread: any, nobody waits. Bounded by: `kept`; older ones are overwritten. A letter that is written over while
// it is read is left out.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <typeinfo>
#include <vector>

namespace troupe::meters {

struct dead_letter {
  std::int64_t when = 0; ///< Of the system's clock, in nanoseconds.
  const std::type_info* message = nullptr;
  const char* name = ""; ///< What the receiver was; lives for ever.
  std::uint64_t to = 0;  ///< Numbers of actors; 0: nobody.
  std::uint64_t from = 0;
};

class dead_letters {
public:
  static constexpr std::size_t kept = 256;

  void add(const dead_letter& one) noexcept;

  /// Since the start.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
  /// Newest first.
  [[nodiscard]] std::vector<dead_letter> recent() const;

private:
  struct slot {
    std::atomic<std::uint64_t> number{0}; // of the letter in it, from 1; 0 while it is written
    std::atomic<std::int64_t> when{0};
    std::atomic<const std::type_info*> message{nullptr};
    std::atomic<const char*> name{""};
    std::atomic<std::uint64_t> to{0};
    std::atomic<std::uint64_t> from{0};
  };

  [[nodiscard]] std::optional<dead_letter> read(std::uint64_t number) const noexcept;

  std::atomic<std::uint64_t> count_{0};
  std::array<slot, kept> slots_;
};

} // namespace troupe::meters
