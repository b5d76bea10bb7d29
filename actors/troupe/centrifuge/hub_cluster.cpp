// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A hub that is not alone: which channels belong to other nodes, and what comes from there.
#include <troupe/centrifuge/hub.hpp>
#include <troupe/centrifuge/mirror.hpp>
#include <troupe/cluster/view.hpp>

#include <caf/actor_cast.hpp>

namespace troupe::centrifuge {

hub_state::entry hub_state::spawn_channel(const std::string& channel, const namespaces::entry& space,
                                          std::uint64_t generation) {
  const hub_actor me{self_};
  if (const auto owner = owner_of(channel))
    return {spawn_on(self_->home(), mirror, settings_, me, channel, &space.options, sequence_, owner), &space, generation,
            owner.id(), views_};
  return {spawn_on(self_->home(), centrifuge::channel, settings_, me, channel, &space, sequence_, hook_of(channel)), &space,
          generation, 0, views_};
}

void hub_state::on_view(const view_changed& m) {
  if (ending_) return;
  if (view_)
    for (const auto& had : view_->peers())
      if (!m.now->is_peer(caf::actor_cast<caf::strong_actor_ptr>(had))) watched_.forget(had.id(), *settings_->names);
  view_ = m.now;
  ++views_;
  if (m.renounce) renounced_ = views_;
  self_->send(self_, renew_channels{});
}

cluster::peer_actor hub_state::owner_of(const std::string& channel) const {
  if (!view_ || view_->peers().empty()) return {};
  const auto* space = settings_->names->find(channel);
  if (!space || space->is_of_patterns) return {};
  return view_->owner_of(channel);
}

bool hub_state::is_cut_off() const noexcept { return view_ && !view_->connected(); }

void hub_state::on_happened_elsewhere(const happened_elsewhere& m) {
  const auto& event = *m.event;
  const auto found = channels_.find(event.channel);
  const auto& sender = self_->current_sender();
  if (found == channels_.end() || !sender || found->second.owner != sender->id()) return; // it has moved
  if (event.what == channel_event::kind::lost) return end_channel(found, event.why);
  ++sequence_; // as in pass_on()
  self_->send(found->second.who, m);
}

} // namespace troupe::centrifuge
