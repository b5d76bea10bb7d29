// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A hub that is not alone: which channels belong to other nodes, and what comes from there.
#include <troupe/centrifuge/hub.hpp>
#include <troupe/centrifuge/mirror.hpp>
#include <troupe/cluster/view.hpp>

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <utility>

namespace troupe::centrifuge {

// -- whose channel it is ----------------------------------------------------------------------------

hub_state::entry hub_state::spawn_channel(const std::string& channel, const namespaces::entry& space, std::uint64_t generation,
                                          bool is_coming) {
  const hub_actor me{self_};
  if (const auto owner = owner_of(channel))
    return {spawn_on(self_->home(), mirror, settings_, me, channel, &space.options, sequence_, owner), &space, generation,
            owner.id(), views_};
  stream_source from;
  if (view_ && space.options.has_history() && !space.is_of_patterns)
    from = {{view_->unsettled().begin(), view_->unsettled().end()}, is_coming};
  return {spawn_on(self_->home(), centrifuge::channel, settings_, me, channel, &space, sequence_, hook_of(channel), from),
          &space, generation, 0, views_};
}

caf::typed_response_promise<view_settled> hub_state::on_view(const view_changed& m) {
  auto promise = self_->make_response_promise<view_settled>();
  if (ending_) return promise.deliver(view_settled{});
  const bool moves = m.renounce || !view_ || !view_->has_owners_of(*m.now);
  if (view_)
    for (const auto& had : view_->peers())
      if (!m.now->is_peer(caf::actor_cast<caf::strong_actor_ptr>(had))) watched_.forget(had.id(), *settings_->names);
  view_ = m.now;
  unsettled_.push_back(promise);
  if (!moves) return settle(), promise;
  ++views_;
  if (m.renounce) renounced_ = views_;
  for (auto& [channel, moved] : moving_) {
    const auto owner = owner_of(channel);
    const auto to = owner ? owner.id() : self_->id();
    if (std::exchange(moved.to, to) != to) give(moved.who, owner);
  }
  on_renew({});
  return promise;
}

cluster::peer_actor hub_state::owner_of(const std::string& channel) const {
  if (!view_ || view_->peers().empty()) return {};
  const auto* space = settings_->names->find(channel);
  if (!space || space->is_of_patterns) return {};
  return view_->owner_of(channel);
}

bool hub_state::is_cut_off() const noexcept { return view_ && !view_->connected(); }

// -- streams that go and come -------------------------------------------------------------------------

void hub_state::move(channel_map::iterator at, const cluster::peer_actor& owner) {
  const auto who = at->second.who;
  moving_.emplace(at->first, moving{who, owner ? owner.id() : self_->id(), {}});
  give(who, owner); // before anybody who is told asks there
  strike(at, unsubscribe_code::insufficient_state);
}

void hub_state::give(const spawned_channel_actor& who, const cluster::peer_actor& owner) {
  self_->send<caf::message_priority::high>(who, give_away{owner ? adopter_actor{owner} : adopter_actor{hub_actor{self_}}});
}

bool hub_state::has_moved(const std::string& channel, caf::actor_id who) {
  const auto [begin, end] = moving_.equal_range(channel);
  const auto found = std::find_if(begin, end, [who](const auto& each) { return each.second.who.id() == who; });
  if (found == end) return false;
  for (auto& promise : found->second.sought) promise.deliver(stream_sought{true});
  moving_.erase(found);
  if (renewed_ && moving_.size() + 1 == moved_at_once) self_->send(self_, renew_channels{true});
  settle();
  return true;
}

void hub_state::settle() {
  if (renewed_ || !moving_.empty()) return;
  for (auto& promise : std::exchange(unsettled_, {})) promise.deliver(view_settled{});
}

caf::result<stream_sought> hub_state::on_want(const want_stream& m) {
  const auto owner = owner_of(m.channel);
  const auto& sender = self_->current_sender();
  if (!owner || !sender || owner.id() != sender->id()) return stream_sought{false}; // this node sees other nodes than that one
  if (const auto found = channels_.find(m.channel); found != channels_.end()) renew(found);
  const auto moved = moving_.find(m.channel);
  if (moved == moving_.end()) return stream_sought{true};
  auto promise = self_->make_response_promise<stream_sought>();
  moved->second.sought.push_back(promise);
  return promise;
}

caf::result<stream_adopted> hub_state::on_adopt(adopt_stream& m) {
  using outcome = stream_adopted::outcome;
  const auto& sender = self_->current_sender();
  const bool is_known = sender && view_ && (view_->is_peer(sender) || by_actor_.contains(sender->id()));
  if (!is_known || ending_ || owner_of(m.channel)) return stream_adopted{outcome::later}; // likewise
  const auto found = find_or_spawn(m.channel, true);
  if (std::holds_alternative<error_code>(found)) return stream_adopted{outcome::refused};
  auto& to = *std::get<entry*>(found);
  if (!to.space->options.has_history()) return stream_adopted{outcome::refused};
  return pass_on(to, m);
}

void hub_state::on_outdated(const channel_outdated& m) {
  const auto found = channels_.find(m.channel);
  if (found == channels_.end() || found->second.who != self_->current_sender()) return;
  tell_hook_lost(m.channel);
  end_channel(found, unsubscribe_code::insufficient_state);
  find_or_spawn(m.channel, true);
}

// -- what happens elsewhere ---------------------------------------------------------------------------

void hub_state::on_happened_elsewhere(const happened_elsewhere& m) {
  const auto& event = *m.event;
  const auto found = channels_.find(event.channel);
  const auto& sender = self_->current_sender();
  if (found == channels_.end() || !sender || found->second.owner != sender->id()) return; // it has moved
  if (event.what == channel_event::kind::lost) return end_channel(found, event.why);
  ++sequence_; // as in pass_on()
  self_->send(found->second.who, m);
}

void hub_state::abandon(const std::string& channel, caf::actor_id owner) {
  if (!view_) return;
  const auto to = std::ranges::find(view_->peers(), owner, &cluster::peer_actor::id);
  if (to != view_->peers().end()) self_->send(*to, abandon_channel{channel}); // else it knows
}

caf::result<void> hub_state::on_abandon(abandon_channel& m) {
  const auto found = channels_.find(m.channel);
  if (found == channels_.end() || found->second.owner != 0) return caf::unit;
  return pass_on(found->second, m);
}

} // namespace troupe::centrifuge
