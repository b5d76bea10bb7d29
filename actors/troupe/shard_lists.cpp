// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a shard tells of its sets and its connections, a part at a time.
#include <troupe/shard.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

listed_sets shard_state::list(const list_sets& m) const {
  listed_sets found;
  found.part = index_.visit(m.in, m.from, options_.slice, [&](const std::string& set, std::size_t size) {
    if (!m.pattern || m.pattern->matches(set)) found.sets.emplace_back(set, size);
  });
  return found;
}

// -- connections ---

listed_connections shard_state::list(const list_connections& m) const {
  listed_connections found;
  if (m.id) {
    const auto at = by_id_.find(*m.id);
    if (at != by_id_.end() && fits(slots_[at->second], m))
      found.connections.push_back(describe(slots_[at->second]));
    found.through = true;
    return found;
  }
  // Through the smallest set that is asked for; nobody who is anonymous is in one.
  const bool of_user = m.user && !m.user->empty();
  const bool all = !of_user && m.group.empty() && m.label.empty();
  const auto* members = all               ? nullptr
                        : of_user          ? index_.find(membership::user, *m.user)
                        : !m.group.empty() ? index_.find(membership::group, m.group)
                                           : index_.find(membership::label, m.label);
  const auto extent = all ? slots_.extent() : members ? members->extent() : 0;
  auto budget = options_.slice;
  for (found.next = m.from; found.next < extent && budget != 0; ++found.next, --budget) {
    if (found.connections.size() == m.most) break;
    const auto at = all ? found.next : (*members)[found.next].slot;
    if (at == membership_index::member::none || !slots_[at].who || !fits(slots_[at], m)) continue;
    found.connections.push_back(describe(slots_[at]));
  }
  found.through = found.next >= extent;
  return found;
}

bool shard_state::fits(const slot& s, const list_connections& m) const {
  if (m.user && !(s.up && *m.user == s.profile->user)) return false;
  bool group = m.group.empty();
  bool label = m.label.empty();
  membership_index::for_each(s.in, [&](membership in, const std::string& set) {
    group = group || (in == membership::group && set == m.group);
    label = label || (in == membership::label && set == m.label);
  });
  const auto& origin = s.profile->origin;
  return group && label && (!m.over || *m.over == origin.over) &&
         (m.peer.empty() || m.peer == origin.peer) && idle(s) >= m.min_idle && age(s) >= m.min_age;
}

std::chrono::seconds shard_state::age(const slot& s) const {
  return std::chrono::duration_cast<std::chrono::seconds>(self_->home().now() - s.joined);
}

std::chrono::seconds shard_state::idle(const slot& s) const {
  if (!s.lives) return age(s);
  const auto last = host::clock::time_point{host::clock::duration{s.lives->meter()->connection.active_at.value()}};
  return std::chrono::duration_cast<std::chrono::seconds>(self_->home().now() - std::max(last, s.joined));
}

listed_connection shard_state::describe(const slot& s) const {
  listed_connection told{
    .who = caf::actor_cast<caf::strong_actor_ptr>(s.who), .id = s.profile->id, .origin = s.profile->origin,
    .user = {}, .groups = {}, .labels = {}, .channels = {}, .age = age(s), .idle = idle(s)};
  membership_index::for_each(s.in, [&](membership in, const std::string& set) {
    switch (in) {
      case membership::user: told.user = set; break;
      case membership::group: told.groups.push_back(set); break;
      case membership::label: told.labels.push_back(set); break;
      case membership::channel: told.channels.push_back(set); break;
    }
  });
  return told;
}

} // namespace troupe
