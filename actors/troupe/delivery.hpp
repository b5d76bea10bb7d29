// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DELIVERY: one or more messages on their way to the connections of a target. Immutable and shared:
// on the way from the registry to an outbox only a pointer is copied.
#pragma once
#include <troupe/frame.hpp>
#include <troupe/overflow.hpp>
#include <troupe/target.hpp>

#include <caf/intrusive_ptr.hpp>
#include <caf/ref_counted.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <utility>

namespace troupe {

class delivery final : public caf::ref_counted {
public:
  using clock = std::chrono::steady_clock;

  delivery(target to_, frame message_, connection_handle exclude_, overflow policy_,
           std::string key_, clock::time_point born_ = {})
    : to(std::move(to_)), message(std::move(message_)), exclude(exclude_), policy(policy_),
      key(std::move(key_)), born(born_) {}

  const target to;
  const frame message;
  const connection_handle exclude; ///< Gets nothing; nobody if empty.
  const overflow policy;
  const std::string key;           ///< For overflow::latest_per_key.
  const clock::time_point born;    ///< When it came in, the first of several; the epoch if unknown.

  ~delivery() override {
    if (const auto* v = variant_.load(std::memory_order_relaxed)) v->deref();
  }

  /// Its way is measured from `now` on, its fan-out. Before others know it.
  void sample(clock::time_point now) const noexcept {
    sampled_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_sample() const noexcept {
    return sampled_.load(std::memory_order_relaxed) != 0;
  }
  [[nodiscard]] clock::time_point sampled() const noexcept {
    return clock::time_point{clock::duration{sampled_.load(std::memory_order_relaxed)}};
  }

  /// The same delivery in a second encoding (deflated), or nullptr. Thread: any.
  [[nodiscard]] caf::intrusive_ptr<const delivery> variant() const noexcept {
    return caf::intrusive_ptr<const delivery>{variant_.load(std::memory_order_acquire)};
  }
  /// Attaches a second encoding; of several callers the first wins. @returns the one in use.
  caf::intrusive_ptr<const delivery> attach_variant(
    const caf::intrusive_ptr<const delivery>& encoded) const noexcept {
    const delivery* expected = nullptr;
    if (variant_.compare_exchange_strong(expected, encoded.get(), std::memory_order_acq_rel))
      encoded->ref();
    return variant();
  }

private:
  mutable std::atomic<const delivery*> variant_{nullptr};
  mutable std::atomic<clock::rep> sampled_{0};
};

using delivery_ptr = caf::intrusive_ptr<const delivery>;

} // namespace troupe
