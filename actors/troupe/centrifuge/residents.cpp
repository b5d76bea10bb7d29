// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/residents.hpp>

namespace troupe::centrifuge {

residents::~residents() {
  auto& counters = self_->home().counters();
  counters.subscriptions.subtract(by_actor_.size());
  if (occupies_ && !by_actor_.empty()) counters.channels_occupied.subtract();
}

void residents::add(const caf::actor_addr& who, const std::string& client, const listener& as) {
  by_actor_.emplace(who.id(), client);
  self_->monitor(who);
  auto& counters = self_->home().counters();
  counters.subscriptions.add();
  if (occupies_ && by_actor_.size() == 1) counters.channels_occupied.add();
  audience_.add(as);
  self_->send(shards_[as.where.shard],
              change_channel_members{channel_, as.where, change_channel_members::action::add});
}

void residents::remove(const caf::actor_addr& who, const listener& as) {
  by_actor_.erase(who.id());
  self_->demonitor(who);
  auto& counters = self_->home().counters();
  counters.subscriptions.subtract();
  if (occupies_ && by_actor_.empty()) counters.channels_occupied.subtract();
  audience_.remove(as);
  self_->send(shards_[as.where.shard],
              change_channel_members{channel_, as.where, change_channel_members::action::remove});
}

const std::string* residents::find(caf::actor_id who) const {
  const auto found = by_actor_.find(who);
  return found == by_actor_.end() ? nullptr : &found->second;
}

} // namespace troupe::centrifuge
