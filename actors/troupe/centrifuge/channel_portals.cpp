// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Where the subscribers of a channel are: on this node, its residents, or elsewhere, behind a portal.
#include <troupe/centrifuge/channel.hpp>

#include <algorithm>
#include <utility>

namespace troupe::centrifuge {

void channel_state::enter(const subscriber& who, const std::string& client, const portal_actor& via) {
  if (via) {
    auto& through = portals_[via.id()];
    if (!through.who) {
      through.who = via;
      self_->monitor(via);
    }
    ++through.members;
    if (who.as.join_leave) ++through.with_join_leave;
    return;
  }
  residents_->add(who.who, client, who.as);
}

void channel_state::leave(const subscriber& who) {
  if (who.via != 0) {
    const auto through = portals_.find(who.via);
    if (who.as.join_leave) --through->second.with_join_leave;
    if (--through->second.members != 0) return;
    self_->demonitor(through->second.who.address());
    portals_.erase(through);
    return;
  }
  residents_->remove(who.who, who.as);
}

void channel_state::on_portal_down(caf::actor_id via) {
  std::vector<std::string> gone;
  for (const auto& [client, who] : subscribers_)
    if (who.via == via) gone.push_back(client);
  for (const auto& client : gone) remove(client);
  used_ = self_->home().now();
  arm();
}

void channel_state::on_abandoned(caf::actor_id via) {
  if (is_open_) return on_portal_down(via);
  before_open_.push_back([this, via](bool open) {
    if (open) on_portal_down(via);
  });
}

bool channel_state::portals_want_join_leave() const noexcept {
  return std::ranges::any_of(portals_, [](const auto& p) { return p.second.with_join_leave != 0; });
}

std::size_t channel_state::to_portals(const channel_event_ptr& event) {
  const bool for_all = event->what == channel_event::kind::published;
  std::size_t asked = 0;
  for (const auto& [id, through] : portals_) {
    if (!for_all && through.with_join_leave == 0) continue;
    ++asked;
    fan_outs_->to(through.who, event->sequence, fan_out_event{event});
  }
  return asked;
}

} // namespace troupe::centrifuge
