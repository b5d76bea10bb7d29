// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once

namespace troupe {

/// The behavior of `fun`. CAF 0.17 binds a reference to no tuple for a function without arguments, which is
/// undefined behavior: such a function is spawned as the argument of this one.
template <class Behavior, class Self>
Behavior behavior_of(Self* self, Behavior (*fun)(Self*)) {
  return fun(self);
}

} // namespace troupe
