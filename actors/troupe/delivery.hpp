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
#include <string>
#include <utility>

namespace troupe {

class delivery final : public caf::ref_counted {
public:
  delivery(target to_, frame message_, connection_handle exclude_, overflow policy_,
           std::string key_)
    : to(std::move(to_)), message(std::move(message_)), exclude(exclude_), policy(policy_),
      key(std::move(key_)) {}

  const target to;
  const frame message;
  const connection_handle exclude; ///< Gets nothing; nobody if empty.
  const overflow policy;
  const std::string key;           ///< For overflow::latest_per_key.

  ~delivery() override {
    if (const auto* v = variant_.load(std::memory_order_relaxed)) v->deref();
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
};

using delivery_ptr = caf::intrusive_ptr<const delivery>;

} // namespace troupe
