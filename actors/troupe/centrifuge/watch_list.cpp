// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/watch_list.hpp>

namespace troupe::centrifuge {

void watch_list::change(const watch_pattern& m, const namespaces& names) {
  const auto& pattern = m.who.pattern;
  auto& patterns = by_namespace_[std::string{namespace_of(pattern, names.syntax())}];
  const auto name = name_in_namespace(pattern, names.syntax());
  if (m.what == watch_pattern::action::begin) patterns[name] = m.who;
  else patterns.erase(name);
}

std::vector<watcher> watch_list::watchers_of(std::string_view channel, const namespaces::entry& in,
                                             const channel_syntax& syntax) const {
  std::vector<watcher> found;
  if (!in.patterns) return found; // most namespaces
  const auto patterns = by_namespace_.find(in.name);
  if (patterns == by_namespace_.end() || !is_open_to_patterns(channel, syntax)) return found;
  patterns->second.match(name_in_namespace(channel, syntax),
                         [&](const watcher& who) { found.push_back(who); });
  return found;
}

} // namespace troupe::centrifuge
