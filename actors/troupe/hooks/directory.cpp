// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/directory.hpp>

#include <troupe/hooks/method_keeper.hpp>
#include <troupe/hooks/namespace_keeper.hpp>
#include <troupe/hooks/observer_keeper.hpp>
#include <troupe/hooks/route_keeper.hpp>
#include <troupe/hooks/user_hub.hpp>

#include <caf/send.hpp>
#include <fmt/format.h>

#include <set>
#include <stdexcept>

namespace troupe::hooks {

namespace {

[[noreturn]] void refuse(std::string_view what, std::string_view name, std::string_view why) {
  throw std::invalid_argument{fmt::format("{} \"{}\": {}", what, name, why)};
}

template <class Extension>
void check_actor(std::string_view what, std::string_view name, const Extension& e,
                 std::set<std::string_view>& known) {
  if (!e.actor) refuse(what, name, "has no actor");
  if (!known.insert(name).second) refuse(what, name, "given twice");
}

/// Before anything is spawned.
void check(const extensions& all) {
  std::set<std::string_view> paths, methods, namespaces, observers;
  for (const auto& r : all.routes) {
    if (!is_route_path(r.path)) refuse("route", r.path, "not a path for a route");
    check_actor("route", r.path, r, paths);
  }
  for (const auto& m : all.methods) check_actor("method", m.name, m, methods);
  for (const auto& n : all.namespaces) check_actor("namespace", n.name, n, namespaces);
  for (const auto& o : all.observers) check_actor("observer", o.name, o, observers);
  if (all.users && !all.users->actor) refuse("users", "*", "has no actor");
  if (all.fallback && !all.fallback->actor) refuse("method", all.fallback->name, "has no actor");
}

/// One of the keepers of an extension.
template <class Keeper>
Keeper at(const std::vector<Keeper>& of, std::size_t loop) {
  return of.empty() ? Keeper{} : of[loop % of.size()];
}

template <class Map>
typename Map::mapped_type::value_type find(const Map& in, std::string_view name, std::size_t loop) {
  const auto found = in.find(name);
  if (found == in.end()) return {};
  return at(found->second, loop);
}

template <class Map>
std::vector<std::string> names_of(const Map& in) {
  std::vector<std::string> names;
  for (const auto& [name, keepers] : in) names.push_back(name);
  return names;
}

} // namespace

struct directory::start {
  std::span<const std::reference_wrapper<host>> homes;
  const registry_actor& registry;
  const centrifuge::channels& channels;
  event_log& log;
  hooks::users users = {};
  std::size_t next_home = 0;

  template <class Settings, class Extension>
  Settings settings_for(const std::string& name, const Extension& e) const {
    return {.name = name,
            .spawn = e.actor,
            .options = e.keeping,
            .registry = registry,
            .channels = channels,
            .users = users,
            .log = &log};
  }

  /// Spawns the keepers of one extension.
  template <class State, class Keeper, class Extension>
  std::vector<Keeper> keepers(typename Keeper::behavior_type (*keeper)(typename State::pointer,
                                                                      typename State::settings),
                              const std::string& name, const Extension& e) {
    std::vector<Keeper> all;
    const auto spawn = [&](host& home) {
      all.push_back(spawn_on(home, keeper, settings_for<typename State::settings>(name, e)));
    };
    if (e.count == instances::one) spawn(homes[next_home++ % homes.size()]);
    else for (host& home : homes) spawn(home);
    return all;
  }
};

directory::directory(const extensions& from, std::span<const std::reference_wrapper<host>> homes,
                     const registry_actor& registry, const centrifuge::channels& channels,
                     event_log& log) {
  check(from);
  start started{homes, registry, channels, log};
  const auto note = [this](const auto& keepers) {
    for (const auto& k : keepers) keepers_.push_back(caf::actor_cast<caf::actor>(k));
  };
  if (from.users) start_users(*from.users, started);
  started.users = users_;
  for (const auto& r : from.routes)
    note(routes_[r.path] =
           started.keepers<route_keeper_state, route_keeper_actor>(route_keeper, r.path, r));
  for (const auto& m : from.methods)
    note(methods_[m.name] =
           started.keepers<method_keeper_state, method_keeper_actor>(method_keeper, m.name, m));
  for (const auto& n : from.namespaces)
    note(namespaces_[n.name] = started.keepers<namespace_keeper_state, namespace_keeper_actor>(
           namespace_keeper, n.name, n));
  if (from.fallback)
    note(fallback_ = started.keepers<method_keeper_state, method_keeper_actor>(method_keeper, from.fallback->name,
                                                                                *from.fallback));
  start_observers(from.observers, started);
}

void directory::start_users(const user_hook& hook, const start& with) {
  const auto hubs = std::make_shared<hooks::users::hubs>(); // complete before any of them runs
  users_ = hooks::users{hubs};
  auto keepers = with.settings_for<user_keeper_state::settings>({}, hook);
  keepers.users = users_;
  for (host& home : with.homes) {
    hubs->push_back(spawn_on(home, user_hub, user_hub_state::settings{hook, keepers}));
    keepers_.push_back(caf::actor_cast<caf::actor>(hubs->back()));
  }
}

void directory::start_observers(const std::vector<observer>& all, start& with) {
  for (const auto& o : all) {
    const auto keeper = with.keepers<observer_keeper_state, observer_keeper_actor>(observer_keeper, o.name, o).front();
    centrifuge::event_sources{with.registry, with.channels}.observe(keeper);
    observer_keepers_.push_back(caf::actor_cast<caf::actor>(keeper));
  }
}

std::vector<std::string> directory::route_paths() const { return names_of(routes_); }
std::vector<std::string> directory::namespace_names() const { return names_of(namespaces_); }

namespace_keeper_actor directory::of_namespace(std::string_view name) const {
  return find(namespaces_, name, 0);
}

route_keeper_actor directory::route(std::string_view path, std::size_t loop) const {
  return find(routes_, path, loop);
}

method_keeper_actor directory::fallback(std::size_t loop) const { return at(fallback_, loop); }

method_keeper_actor directory::method(std::string_view name, std::size_t loop) const {
  auto keeper = find(methods_, name, loop);
  return keeper || name.empty() ? keeper : find(methods_, "*", loop);
}

} // namespace troupe::hooks
