// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LIVE CHOICE: one of a few values that may be changed while it is used: copies are one and the same. Thread: any.
#pragma once
#include <atomic>
#include <memory>

namespace troupe {

template <class Enum>
class live_choice {
public:
  live_choice(Enum value = {}) // NOLINT: it stands for one
    : value_(std::make_shared<std::atomic<Enum>>(value)) {}

  operator Enum() const noexcept { return value_->load(std::memory_order_relaxed); } // NOLINT
  void set(Enum value) const noexcept { value_->store(value, std::memory_order_relaxed); }

private:
  std::shared_ptr<std::atomic<Enum>> value_;
};

} // namespace troupe
