// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SIGHTING: something that happens to an actor, as it happens: what TRACES choose from. Refers to what its
// maker holds. Thread: the actor's loop.
#pragma once
#include <troupe/inspect/actor_kind.hpp>
#include <troupe/meters/identity.hpp>

#include <cstdint>
#include <string_view>
#include <typeinfo>

namespace troupe::tracing {

enum class direction : std::uint8_t { in, out };

struct sighting {
  direction to = direction::in;
  std::uint64_t actor = 0;
  inspection::actor_kind kind = inspection::actor_kind::custom;
  const meters::identity* who = nullptr;
  /// A message that the actor handles. Null: it went between the actor and the outside, as `what` says.
  const std::type_info* message = nullptr;
  const char* what = "";      ///< Lives for ever.
  std::string_view note = {}; ///< What became of it. Lives for ever.
  std::string_view payload = {};
};

} // namespace troupe::tracing
