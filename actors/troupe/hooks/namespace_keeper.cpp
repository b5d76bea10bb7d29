// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/namespace_keeper.hpp>

#include <utility>

namespace troupe::hooks {

namespace_keeper_state::namespace_keeper_state(pointer self) : self_(self), kept_(self) {}

namespace_keeper_actor::behavior_type namespace_keeper_state::make_behavior(settings with) {
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { kept_.on_down(m); });
  with.complete = [this](birth& born) { complete(born); };
  with.gave_up = [this] { on_gave_up(); };
  channels_ = with.channels;
  kept_.start(std::move(with));
  return {
    [this](hand_over& m) { kept_.keep(m); },
    [this](const subscribe& m) {
      return kept_.ask<admission>(m, sizeof(subscribe) + m.data.bytes.size());
    },
    [this](const publish& m) {
      return kept_.ask<ruling>(m, sizeof(publish) + m.data.bytes.size());
    },
    [this](const read_channel& m) { return kept_.ask<view>(m, sizeof(read_channel)); },
    [this](const channel_lost& m) { on_lost(m); },
    [this](const entered& m) { on_entered(m); },
    [this](const left& m) { on_left(m); },
    [this](const keeper_due&) { kept_.due(); },
  };
}

void namespace_keeper_state::on_entered(const entered& m) {
  members_[m.channel].insert_or_assign(m.who.client, m.who);
  kept_.tell(m);
}

void namespace_keeper_state::on_left(const left& m) {
  const auto channel = members_.find(m.channel);
  if (channel == members_.end() || channel->second.erase(m.who.client) == 0) return;
  if (channel->second.empty()) members_.erase(channel);
  kept_.tell(m);
}

void namespace_keeper_state::on_lost(const channel_lost& m) {
  const auto channel = members_.extract(m.channel);
  if (channel.empty()) return;
  for (auto& [client, info] : channel.mapped()) kept_.tell(left{m.channel, std::move(info)});
}

void namespace_keeper_state::complete(birth& born) const {
  for (const auto& [channel, clients] : members_)
    for (const auto& [client, info] : clients) born.members.push_back({channel, info});
}

void namespace_keeper_state::on_gave_up() {
  members_.clear();
  for (const auto& hub : channels_.hubs())
    self_->send(caf::actor_cast<centrifuge::hub_actor>(hub), centrifuge::hook_gave_up{});
}

namespace_keeper_actor::behavior_type namespace_keeper(namespace_keeper_state::pointer self,
                                                       namespace_keeper_state::settings with) {
  return self->state.make_behavior(std::move(with));
}

} // namespace troupe::hooks
