// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>

namespace troupe::app::bench {

/// What a numbered message was when it arrived.
enum class arrival : std::uint8_t {
  in_order,
  early,     ///< Numbers before it have not arrived yet.
  late,      ///< A larger number came before it.
  duplicate, ///< It had arrived before.
};

/// Follows the numbers 0, 1, 2, ... of one sender as they reach one receiver.
/// A message more than 64 numbers late counts as a duplicate: memory is bounded, and a loss must
/// not be hidden by what cannot be told apart.
class sequence_tracker {
public:
  arrival note(std::uint64_t number) {
    if (number == next_) {
      recent_ = recent_ << 1 | 1;
      ++next_;
      return arrival::in_order;
    }
    if (number > next_) {
      const auto gap = number - next_;
      missing_ += gap;
      recent_ = gap >= 63 ? 1 : recent_ << (gap + 1) | 1;
      next_ = number + 1;
      return arrival::early;
    }
    const auto age = next_ - 1 - number;
    if (age >= 64 || (recent_ >> age & 1) != 0)
      return arrival::duplicate;
    recent_ |= std::uint64_t{1} << age;
    --missing_;
    return arrival::late;
  }

  /// Of the first `sent` numbers, those that never arrived.
  [[nodiscard]] std::uint64_t lost(std::uint64_t sent) const {
    return missing_ + (sent > next_ ? sent - next_ : 0);
  }

private:
  std::uint64_t next_ = 0;    // one above the largest number seen
  std::uint64_t recent_ = 0;  // bit i: next_ - 1 - i has arrived
  std::uint64_t missing_ = 0; // below next_ and not arrived
};

} // namespace troupe::app::bench
