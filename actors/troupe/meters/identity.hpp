// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// IDENTITY: what an actor is called, as text for readers on other threads. Immutable once published in
// a meter_block; freed when no reader can see it any more.
#pragma once
#include <caf/ref_counted.hpp>

#include <string>
#include <utility>

namespace troupe::meters {

class identity : public caf::ref_counted {
private:
  friend class meter_slab;
  mutable const identity* next_retired_ = nullptr; // one published at a time: one link is enough
};

/// Of actors whose identity is a name alone, such as channels.
class actor_title final : public identity {
public:
  explicit actor_title(std::string text_) : text(std::move(text_)) {}
  const std::string text;
};

} // namespace troupe::meters
