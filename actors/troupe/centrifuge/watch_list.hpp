// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WATCH LIST: the patterns that clients are subscribed to, by namespace, and the hubs they belong to.
// Owner: a hub, on its thread. Bounded by: the patterns of all hubs, each within its max_channels.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/centrifuge/namespaces.hpp>
#include <troupe/centrifuge/wildcard.hpp>

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::centrifuge {

class watch_list {
public:
  /// `names` is the same in every call.
  void change(const watch_pattern& m, const namespaces& names);
  /// Drops the patterns of a hub, or of a peer, that is gone.
  void forget(caf::actor_id hub, const namespaces& names);

  /// Those whose pattern matches a channel of the namespace `in`. A pattern reaches no other namespace,
  /// and no channel that takes more than the namespace's permission to subscribe to.
  [[nodiscard]] std::vector<watcher> watchers_of(std::string_view channel,
                                                 const namespaces::entry& in,
                                                 const channel_syntax& syntax) const;

private:
  // Several nodes may have the same pattern.
  std::unordered_map<std::string, wildcard_map<std::vector<watcher>>> by_namespace_;
  std::unordered_map<caf::actor_id, std::set<std::string>> by_hub_;
};

} // namespace troupe::centrifuge
