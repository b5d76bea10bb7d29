// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/watch_list.hpp>

namespace troupe::centrifuge {

void watch_list::change(const watch_pattern& m, const namespaces& names) {
  const auto& pattern = m.who.pattern;
  const auto hub = m.who.hub.id();
  auto& patterns = by_namespace_[std::string{namespace_of(pattern, names.syntax())}];
  const auto name = name_in_namespace(pattern, names.syntax());
  auto& watchers = patterns[name];
  std::erase_if(watchers, [hub](const watcher& w) { return w.hub.id() == hub; });
  if (m.what == watch_pattern::action::begin) {
    watchers.push_back(m.who);
    by_hub_[hub].insert(pattern);
    return;
  }
  if (watchers.empty()) patterns.erase(name);
  const auto of = by_hub_.find(hub);
  if (of != by_hub_.end() && of->second.erase(pattern) != 0 && of->second.empty()) by_hub_.erase(of);
}

void watch_list::forget(caf::actor_id hub, const namespaces& names) {
  const auto gone = by_hub_.extract(hub);
  if (gone.empty()) return;
  for (const auto& pattern : gone.mapped()) {
    auto& patterns = by_namespace_[std::string{namespace_of(pattern, names.syntax())}];
    const auto name = name_in_namespace(pattern, names.syntax());
    auto& watchers = patterns[name];
    std::erase_if(watchers, [hub](const watcher& w) { return w.hub.id() == hub; });
    if (watchers.empty()) patterns.erase(name);
  }
}

std::vector<watcher> watch_list::watchers_of(std::string_view channel, const namespaces::entry& in,
                                             const channel_syntax& syntax) const {
  std::vector<watcher> found;
  if (!in.patterns) return found; // most namespaces
  const auto patterns = by_namespace_.find(in.name);
  if (patterns == by_namespace_.end() || !is_open_to_patterns(channel, syntax)) return found;
  patterns->second.match(name_in_namespace(channel, syntax),
                         [&](const std::vector<watcher>& all) { found.insert(found.end(), all.begin(), all.end()); });
  return found;
}

} // namespace troupe::centrifuge
