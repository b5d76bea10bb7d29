// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// BIRTH: how an actor of a program that extends Troupe comes into being, the first time and after each
// failure, and where it runs.
//
// One function is enough for all: behavior(self, args...) or behavior(self, birth, args...), where self is
// HANDLE::pointer or HANDLE::stateful_pointer<state>, and HANDLE is route_actor or an extension of it.
#pragma once
#include <troupe/centrifuge/channels.hpp>
#include <troupe/hooks/messages.hpp>
#include <troupe/hooks/users.hpp>
#include <troupe/hosted.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/metered.hpp>

#include <caf/actor_system.hpp>

#include <any>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

namespace troupe::hooks {

/// What an actor is told when it starts.
struct birth {
  keeper_actor keeper;              ///< Its own; outlives it.
  registry_actor registry;          ///< For messages to connections other than as an answer.
  centrifuge::channels channels;    ///< For publications.
  hooks::users users = {};          ///< For letters.
  std::uint32_t incarnation = 1;    ///< 2 is the one after the first failure.
  std::any state = {};              ///< What its predecessors handed over last.
  std::vector<visitor> present = {}; ///< Of a route or a user: connections that opened before and are not closed.
  std::vector<entered> members = {}; ///< Of a namespace: subscriptions that began before and go on.
  std::string user = {};             ///< Whose actor it is; empty if it is no user's.
};

/// Makes an actor. Called on the loop `home`, at each birth. A std::exception it throws counts as a failure.
template <class Handle>
using spawner = std::function<Handle(host& home, const birth& born)>;

template <class... Params>
inline constexpr bool takes_birth = false;
template <class First, class... Rest>
inline constexpr bool takes_birth<First, Rest...> = std::is_same_v<std::decay_t<First>, birth>;

/// The actor runs on CAF's scheduler: it may compute for long, but should not block. The safe choice.
template <class Self, class Behavior, class... Params, class... Args>
auto on_scheduler(Behavior (*fun)(Self*, Params...), Args... args) {
  return [fun, args...](host& home, const birth& born) {
    if constexpr (takes_birth<Params...>) return spawn_metered(home.system(), home.figures(), fun, born, args...);
    else return spawn_metered(home.system(), home.figures(), fun, args...);
  };
}

/// The actor has a thread of its own: it may block, on a database for example.
template <class Self, class Behavior, class... Params, class... Args>
auto on_own_thread(Behavior (*fun)(Self*, Params...), Args... args) {
  return [fun, args...](host& home, const birth& born) {
    if constexpr (takes_birth<Params...>)
      return spawn_metered<caf::detached>(home.system(), home.figures(), fun, born, args...);
    else return spawn_metered<caf::detached>(home.system(), home.figures(), fun, args...);
  };
}

/// The actor runs on a loop, beside connections: no hop for those of its loop, but each of its handlers
/// holds them all up. For those that are done within microseconds.
template <class Self, class Behavior, class... Params, class... Args>
auto on_loop(Behavior (*fun)(Self*, Params...), Args... args) {
  return [fun, args...](host& home, const birth& born) {
    if constexpr (takes_birth<Params...>) return spawn_on(home, fun, born, args...);
    else return spawn_on(home, fun, args...);
  };
}

} // namespace troupe::hooks
