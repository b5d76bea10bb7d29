// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/membership_index.hpp>

#include <algorithm>

namespace troupe {

void membership_index::forget(const memberships::entry& e) {
  e.set->second.erase(e.position);
  if (e.set->second.size() == 0) of(e.in).erase(of(e.in).find(e.set->first));
}

void membership_index::add(membership in, const std::string& name, std::uint32_t slot,
                           memberships& of_slot) {
  auto& entries = of_slot.entries_;
  const auto same = std::find_if(entries.begin(), entries.end(), [&](const auto& e) {
    return e.in == in && (in == membership::user || e.set->first == name);
  });
  if (same != entries.end()) {
    if (same->set->first == name) return;
    forget(*same);
    entries.erase(same);
  }
  auto& set = *of(in).try_emplace(name).first;
  entries.push_back({in, &set, set.second.insert({slot})});
}

void membership_index::remove(membership in, const std::string& name, memberships& of_slot) {
  auto& entries = of_slot.entries_;
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& e) {
    return e.in == in && e.set->first == name;
  });
  if (found == entries.end()) return;
  forget(*found);
  entries.erase(found);
}

void membership_index::remove_all(memberships& of_slot) {
  for (const auto& e : of_slot.entries_) forget(e);
  of_slot.entries_ = {};
}

const membership_index::members* membership_index::find(membership in,
                                                        const std::string& name) const {
  const auto& in_kind = sets_[static_cast<std::size_t>(in)];
  const auto found = in_kind.find(name);
  return found == in_kind.end() ? nullptr : &found->second;
}

} // namespace troupe
