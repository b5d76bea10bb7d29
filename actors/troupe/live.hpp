// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LIVE: a value that is read on many threads and seldom exchanged. Readers take no lock, and may keep what they have
// got for as long as it exists: so it keeps every value that it has had.
// Thread: get() on any; set() not on two at once. Bounded by: how often somebody reloads.
#pragma once
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

namespace troupe {

template <class T>
class live {
public:
  explicit live(T first = T{}) { set(std::move(first)); }
  live(const live&) = delete;
  live& operator=(const live&) = delete;

  [[nodiscard]] const T& get() const noexcept { return *now_.load(std::memory_order_acquire); }

  void set(T next) {
    had_.push_back(std::make_unique<const T>(std::move(next)));
    now_.store(had_.back().get(), std::memory_order_release);
  }

private:
  std::vector<std::unique_ptr<const T>> had_;
  std::atomic<const T*> now_{nullptr};
};

/// The same for several owners: copies are one and the same.
template <class T>
class shared_live {
public:
  shared_live(T first = T{}) // NOLINT: it stands for one
    : value_(std::make_shared<live<T>>(std::move(first))) {}

  [[nodiscard]] const T& get() const noexcept { return value_->get(); }
  void set(T next) const { value_->set(std::move(next)); }

private:
  std::shared_ptr<live<T>> value_;
};

} // namespace troupe
