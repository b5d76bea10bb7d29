// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DIRECTORY: which keeper stands for what. Made when a server starts, immutable from then on.
// Thread: any. Owner: the server, which ends the keepers.
#pragma once
#include <troupe/event_log.hpp>
#include <troupe/hooks/extensions.hpp>

#include <caf/actor.hpp>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::hooks {

class directory {
public:
  /// Nobody for anything.
  directory() = default;

  /// Spawns the keepers, and so the actors, on `homes`.
  /// @throws std::invalid_argument if an extension cannot be; the text names it and says why.
  directory(const extensions& from, std::span<const std::reference_wrapper<host>> homes,
            const registry_actor& registry, const centrifuge::channels& channels, event_log& log);

  /// Paths of the routes.
  [[nodiscard]] std::vector<std::string> route_paths() const;
  /// The keeper for connections of a loop; nobody if the path is no route.
  [[nodiscard]] route_keeper_actor route(std::string_view path, std::size_t loop) const;
  /// The keeper of a method for callers on a loop; nobody if it is unknown. The empty name is `send`.
  [[nodiscard]] method_keeper_actor method(std::string_view name, std::size_t loop) const;
  /// The keeper for calls of methods that nobody else knows; nobody if there is none.
  [[nodiscard]] method_keeper_actor fallback(std::size_t loop) const;
  /// The keeper of a namespace; nobody if it has no actor.
  [[nodiscard]] namespace_keeper_actor of_namespace(std::string_view name) const;
  /// Users who have an actor; none if they have not.
  [[nodiscard]] const hooks::users& of_users() const noexcept { return users_; }
  /// Names of namespaces that have one.
  [[nodiscard]] std::vector<std::string> namespace_names() const;
  [[nodiscard]] bool has_methods() const noexcept { return !methods_.empty() || !fallback_.empty(); }

  /// All but those of observers, to be ended.
  [[nodiscard]] const std::vector<caf::actor>& keepers() const noexcept { return keepers_; }
  /// Those of observers, to be ended after all that they observe.
  [[nodiscard]] const std::vector<caf::actor>& observer_keepers() const noexcept { return observer_keepers_; }

private:
  template <class Keeper>
  using by_name = std::map<std::string, std::vector<Keeper>, std::less<>>; // one, or one for each loop
  struct start; // what it takes to spawn them
  void start_users(const user_hook& hook, const start& with);
  void start_observers(const std::vector<observer>& all, start& with);

  by_name<route_keeper_actor> routes_;
  by_name<method_keeper_actor> methods_;
  std::vector<method_keeper_actor> fallback_; // one, one for each loop, or none
  by_name<namespace_keeper_actor> namespaces_;
  hooks::users users_;
  std::vector<caf::actor> keepers_;
  std::vector<caf::actor> observer_keepers_;
};

} // namespace troupe::hooks
