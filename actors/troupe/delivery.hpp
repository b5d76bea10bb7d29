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
};

using delivery_ptr = caf::intrusive_ptr<const delivery>;

} // namespace troupe
