// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/hub.hpp>

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <functional>
#include <utility>

namespace troupe::centrifuge {

hub_state::hub_state(pointer self) : self_(self) {}

hub_actor::behavior_type hub_state::make_behavior(
  std::shared_ptr<const channel_settings> settings) {
  settings_ = std::move(settings);
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  self_->set_exit_handler([this](const caf::exit_msg& m) { on_exit(m); });
  // Requests are taken by reference to pass them on without a copy: nobody shares them.
  return {
    [this](subscribe_channel& m) { return forward<subscribe_answered>(m); },
    [this](unsubscribe_channel& m) { return on_unsubscribe(m); },
    [this](publish_channel& m) { return forward<publish_answered>(m); },
    [this](get_presence& m) { return forward<presence_answered>(m); },
    [this](get_presence_stats& m) { return forward<presence_stats_answered>(m); },
    [this](get_history& m) { return forward<history_answered>(m); },
    [this](const channel_idle& m) { on_idle(m); },
  };
}

template <class Request>
auto hub_state::pass_on(entry& to, Request& m) {
  ++to.forwarded;
  sequence_ += 2; // a request makes at most one event, and a subscription one more when it ends
  return self_->delegate(to.who, std::move(m));
}

template <class Answer, class Request>
caf::result<Answer> hub_state::forward(Request& m) {
  const auto found = find_or_spawn(m.channel);
  if (const auto* why = std::get_if<error_code>(&found)) return Answer{*why};
  return pass_on(*std::get<entry*>(found), m);
}

caf::result<unsubscribed> hub_state::on_unsubscribe(unsubscribe_channel& m) {
  const auto found = channels_.find(m.channel);
  if (found == channels_.end()) return unsubscribed{};
  return pass_on(found->second, m);
}

std::variant<hub_state::entry*, error_code> hub_state::find_or_spawn(const std::string& channel) {
  if (const auto found = channels_.find(channel); found != channels_.end()) return &found->second;
  if (ending_) return error_code::not_available;
  const auto* space = settings_->names->find(channel);
  if (!space) return error_code::unknown_channel;
  auto& counters = self_->home().counters();
  if (channels_.size() >= settings_->max_channels) {
    counters.channels_refused.add();
    return error_code::limit_exceeded;
  }
  auto who = spawn_on(self_->home(), centrifuge::channel, settings_, hub_actor{self_}, channel,
                      &space->options, sequence_);
  self_->monitor(who);
  counters.channels.add();
  by_actor_.emplace(who.id(), channel);
  return &channels_.emplace(channel, entry{std::move(who)}).first->second;
}

void hub_state::on_idle(const channel_idle& m) {
  const auto found = channels_.find(m.channel);
  if (found == channels_.end() || found->second.who != self_->current_sender()) return;
  if (found->second.forwarded != m.handled) return; // it is about to be used again
  self_->send(found->second.who, may_go{});
  by_actor_[found->second.who.id()].clear();
  channels_.erase(found);
  self_->home().counters().channels.subtract();
}

void hub_state::on_down(const caf::down_msg& m) {
  const auto ended = by_actor_.extract(m.source.id());
  if (ending_) {
    if (by_actor_.empty()) self_->quit(ending_);
    return;
  }
  const auto& channel = ended.mapped();
  if (channel.empty()) return; // it had leave to go
  channels_.erase(channel);
  auto& counters = self_->home().counters();
  counters.channels.subtract();
  counters.channels_failed.add();
  settings_->log->write(
    severity::error, "channel_failed",
    {{"channel", channel}, {"reason", self_->system().render(m.reason)}});
  tell_lost(channel);
}

void hub_state::on_exit(const caf::exit_msg& m) {
  ending_ = m.reason ? m.reason : caf::make_error(caf::exit_reason::user_shutdown);
  if (by_actor_.empty()) return self_->quit(ending_);
  for (const auto& [channel, at] : channels_) self_->send_exit(at.who, ending_);
}

void hub_state::tell_lost(const std::string& channel) {
  auto event = caf::make_counted<channel_event>();
  event->what = channel_event::kind::lost;
  event->sequence = ++sequence_;
  event->channel = channel;
  for (const auto& shard : settings_->shards) caf::anon_send(shard, fan_out_event{event});
}

hub_actor::behavior_type hub(hub_state::pointer self,
                             std::shared_ptr<const channel_settings> settings) {
  return self->state.make_behavior(std::move(settings));
}

const channel_actor& hub_of(std::string_view channel, std::span<const channel_actor> hubs) {
  return hubs[std::hash<std::string_view>{}(channel) % hubs.size()];
}

} // namespace troupe::centrifuge
