// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// PREFETCH: has the processor fetch memory while it does something else. With thousands of connections none of what
// one of them needs is in its cache when its turn comes, and waiting for that takes longer than its work.
// A hint and nothing more: any address does. Knows, as hosted.hpp, how CAF 0.17 lays out an actor.
#pragma once
#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/config.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>

#include <cstddef>

namespace troupe {

/// Of a transport: its front, which has what sending touches.
inline constexpr std::size_t transport_front = 512;

inline void prefetch(const void* from, std::size_t bytes) noexcept {
  constexpr int for_writing = 1;
  for (std::size_t at = 0; at < bytes; at += CAF_CACHE_LINE_SIZE)
    __builtin_prefetch(static_cast<const char*>(from) + at, for_writing);
}

/// What a message to a hosted actor touches until it is handled: what counts its references, its mailbox, what hosted<>
/// adds, and its state's beginning.
/// @param who Not empty.
template <class Handle>
void prefetch_actor(const Handle& who) noexcept {
  const auto* at = reinterpret_cast<const std::byte*>(caf::actor_cast<caf::abstract_actor*>(who));
  prefetch(at - CAF_CACHE_LINE_SIZE, 11 * CAF_CACHE_LINE_SIZE);
  prefetch(at + sizeof(typename Handle::base), 4 * CAF_CACHE_LINE_SIZE);
}

/// Where the actor's behavior stands, which is memory of its own; the actor should be in the cache by now.
inline void prefetch_behavior(caf::resumable* job) noexcept {
  auto* actor = static_cast<caf::scheduled_actor*>(job);
  if (actor->has_behavior()) prefetch(&actor->bhvr_stack().back(), 1);
}

} // namespace troupe
