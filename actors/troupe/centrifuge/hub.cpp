// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/hub.hpp>

#include <troupe/cluster/view.hpp>

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

namespace troupe::centrifuge {

namespace {

constexpr std::size_t renewed_at_once = 1'000; // buckets of the table of channels

/// Whether another node asks: then it sees other nodes than this one does, if the channel is not here.
template <class Request>
bool is_relayed(const Request& m) {
  if constexpr (requires { m.via; }) return m.via != nullptr;
  else return m.relayed;
}

/// Whether that is the one to ask: neither knows the channel as its own, and who asks has to ask again. To a third node it
/// goes on; that ends, for each node knows of those that it sees the one with the most weight.
template <class Request>
bool goes_back(const Request& m, const caf::strong_actor_ptr& asker, const cluster::peer_actor& owner) {
  return is_relayed(m) && (!asker || asker->id() == owner.id());
}

/// Whether a channel can change while it has subscribers. With presence it would miss some; without history those who
/// count offsets would wait for the next one.
bool goes_on(const namespaces::entry& had, const namespaces::entry& has) {
  const auto& [before, now] = std::tie(had.options, has.options);
  return (before.presence || !now.presence) && (!before.has_history() || now.has_history()) &&
         before.history_persistent == now.history_persistent && had.is_of_patterns == has.is_of_patterns;
}

} // namespace

hub_state::hub_state(pointer self) : self_(self) {}

hub_actor::behavior_type hub_state::make_behavior(
  std::shared_ptr<const channel_settings> settings) {
  settings_ = std::move(settings);
  self_->meter()->become(inspection::actor_kind::hub);
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  self_->set_exit_handler([this](const caf::exit_msg& m) { on_exit(m); });
  enter(self_->home().supervision());
  find_hooks();
  // Requests are taken by reference to pass them on without a copy: nobody shares them.
  return {
    [this](subscribe_channel& m) { return forward<subscribe_answered>(m); },
    [this](unsubscribe_channel& m) { return on_unsubscribe(m); },
    [this](publish_channel& m) { return on_publish(m); },
    [this](get_presence& m) { return forward<presence_answered>(m); },
    [this](get_presence_stats& m) { return forward<presence_stats_answered>(m); },
    [this](get_history& m) { return forward<history_answered>(m); },
    [this](remove_history& m) { return on_remove_history(m); },
    [this](const channel_idle& m) { on_idle(m); },
    [this](const hook_gave_up&) { on_gave_up(); },
    [this](const renew_channels& m) { on_renew(m); },
    [this](const channel_changed& m) { on_changed(m); },
    [this](const view_changed& m) { return on_view(m); },
    [this](const happened_elsewhere& m) { on_happened_elsewhere(m); },
    [this](const want_stream& m) { return on_want(m); },
    [this](adopt_stream& m) { return on_adopt(m); },
    [this](const channel_outdated& m) { on_outdated(m); },
    [this](abandon_channel& m) { return on_abandon(m); },
    [this](const observe_channels& m) { on_observe(m); },
    [this](const unobserve_channels& m) { on_unobserve(m); },
    [this](const sync_changes& m) { return on_sync(m); },
    [this](const meet_hubs& m) { on_meet(m); },
    [this](const watch_pattern& m) { return watched_.change(m, *settings_->names), watching{}; },
    [this](publish_match& m) { return on_match(m); },
  };
}

template <class Answer, class Request>
caf::result<Answer> hub_state::forward(Request& m) {
  constexpr bool subscribes = std::is_same_v<Request, subscribe_channel>;
  if (const auto owner = owner_of(m.channel)) {
    if (is_cut_off() || goes_back(m, self_->current_sender(), owner)) return Answer{error_code::internal};
    if constexpr (!subscribes) return self_->delegate(owner, std::move(m));
    else if (is_relayed(m)) return Answer{error_code::internal}; // events go to who has the channel's subscribers
  } else if (const auto hook = hook_of(m.channel)) return consult(hook, m);
  const auto found = find_or_spawn(m.channel);
  if (const auto* why = std::get_if<error_code>(&found)) return Answer{*why};
  return pass_on(*std::get<entry*>(found), m);
}

caf::result<remove_history_answered> hub_state::on_remove_history(remove_history& m) {
  if (const auto owner = owner_of(m.channel)) {
    if (is_cut_off() || goes_back(m, self_->current_sender(), owner)) return remove_history_answered{error_code::internal};
    return self_->delegate(owner, std::move(m));
  }
  const auto found = find_or_spawn(m.channel);
  if (const auto* why = std::get_if<error_code>(&found)) return remove_history_answered{*why};
  return pass_on(*std::get<entry*>(found), m);
}

caf::result<unsubscribed> hub_state::on_unsubscribe(unsubscribe_channel& m) {
  const auto found = channels_.find(m.channel);
  if (found == channels_.end()) return unsubscribed{};
  return pass_on(found->second, m);
}

caf::result<publish_answered> hub_state::on_publish(publish_channel& m) {
  if (is_cut_off()) return publish_answered{error_code::internal};
  if (const auto owner = owner_of(m.channel)) {
    if (goes_back(m, self_->current_sender(), owner)) return publish_answered{error_code::internal};
    return self_->delegate(owner, std::move(m));
  }
  if (m.info) { // others are not asked about
    if (const auto hook = hook_of(m.channel)) return consult(hook, m);
  }
  const auto found = find_or_spawn(m.channel);
  if (const auto* why = std::get_if<error_code>(&found)) return publish_answered{*why};
  auto& to = *std::get<entry*>(found);
  auto watchers = watchers_of(m.channel, to);
  if (watchers.empty()) return pass_on(to, m);
  publish_watched both{std::move(m), std::move(watchers)};
  return pass_on(to, both);
}

// -- patterns ---

void hub_state::on_meet(const meet_hubs& m) {
  others_ = m.all;
  std::erase_if(others_, [this](const watching_actor& h) { return h.id() == self_->id(); });
}

std::vector<watcher> hub_state::watchers_of(const std::string& channel, const entry& of) const {
  return watched_.watchers_of(channel, *of.space, settings_->names->syntax());
}

void hub_state::watch(const std::string& pattern, const spawned_channel_actor& who) {
  const watch_pattern begin{{pattern, pattern_actor{hub_actor{self_}}}, watch_pattern::action::begin};
  watched_.change(begin, *settings_->names);
  if (others_.empty()) return self_->send(who, pattern_watched{});
  const auto missing = std::make_shared<std::size_t>(others_.size());
  const auto known = [this, who, missing] {
    if (--*missing == 0) self_->send(who, pattern_watched{});
  };
  for (const auto& other : others_)
    self_->request(other, caf::infinite, begin)
      .then([known](const watching&) { known(); },
            [known](const caf::error&) { known(); }); // gone, with its channels
}

void hub_state::unwatch(const std::string& pattern) {
  const watch_pattern end{{pattern, pattern_actor{hub_actor{self_}}}, watch_pattern::action::end};
  watched_.change(end, *settings_->names);
  for (const auto& other : others_) caf::anon_send(other, end);
}

// Not counted as a request: it is no reason for the pattern to stay, and it would be lost on nobody.
caf::result<fanned_out> hub_state::on_match(publish_match& m) {
  const auto found = channels_.find(m.pattern);
  if (found == channels_.end()) return fanned_out{};
  ++sequence_; // as in pass_on()
  return self_->delegate(found->second.who, std::move(m));
}

// -- channels come and go ---

std::variant<hub_state::entry*, error_code> hub_state::find_or_spawn(const std::string& channel, bool is_coming) {
  if (const auto found = channels_.find(channel); found != channels_.end() && renew(found)) return &found->second;
  if (ending_) return error_code::not_available;
  const auto generation = settings_->names->generation(); // first: it may be renewed at any time
  const auto* space = settings_->names->find(channel);
  if (!space) return error_code::unknown_channel;
  const auto& syntax = settings_->names->syntax();
  if (space->is_of_patterns && !is_valid_pattern(name_in_namespace(channel, syntax)))
    return error_code::bad_request;
  auto& counters = self_->home().counters();
  if (channels_.size() >= settings_->max_channels) {
    counters.channels_refused.add();
    return error_code::limit_exceeded;
  }
  auto spawned = spawn_channel(channel, *space, generation, is_coming);
  const auto& who = spawned.who;
  self_->monitor(who);
  counters.channels.add();
  by_actor_.emplace(who.id(), channel);
  if (changes_.observed()) self_->send(who, tell_changes{});
  if (space->is_of_patterns) watch(channel, who);
  return &channels_.emplace(channel, std::move(spawned)).first->second;
}

void hub_state::on_renew(const renew_channels& m) {
  if (ending_ || (m.goes_on && !renewed_)) return;
  const bool is_under_way = !m.goes_on && renewed_;
  if (!m.goes_on) renewed_ = 0;
  if (!is_under_way) go_on_renewing();
}

void hub_state::go_on_renewing() {
  if (*renewed_ == 0 || channels_.bucket_count() != renewing_) { // the table has grown: others are in its buckets
    renewed_ = 0;
    renewing_ = channels_.bucket_count();
  }
  std::vector<std::string> some;
  for (const auto end = std::min(*renewed_ + renewed_at_once, renewing_); *renewed_ < end; ++*renewed_) {
    if (moving_.size() >= moved_at_once) return; // has_moved() goes on
    some.clear();
    for (auto each = channels_.begin(*renewed_); each != channels_.end(*renewed_); ++each) some.push_back(each->first);
    for (const auto& channel : some) renew(channels_.find(channel));
  }
  if (*renewed_ < renewing_) return self_->send(self_, renew_channels{true});
  renewed_.reset();
  settle();
}

bool hub_state::renew(channel_map::iterator at) {
  auto& [channel, of] = *at;
  if (const auto seen = std::exchange(of.views, views_); seen != views_) {
    const auto owner = owner_of(channel);
    const bool is_renounced = seen < renounced_ && of.owner == 0 && !of.space->is_of_patterns;
    if (is_renounced || (owner ? owner.id() : 0) != of.owner) { // others have gone on with it, or are to do so
      if (of.owner == 0) tell_hook_lost(channel);
      if (of.owner == 0 && !is_renounced && of.space->options.has_history()) return move(at, owner), false;
      end_channel(at, unsubscribe_code::insufficient_state);
      return false;
    }
  }
  const auto generation = settings_->names->generation();
  if (of.generation == generation) return true;
  of.generation = generation;
  const auto* now = settings_->names->find(channel);
  if (now && goes_on(*of.space, *now)) {
    of.space = now;
    self_->send(of.who, renew_options{&now->options});
    return true;
  }
  tell_hook_lost(channel);
  end_channel(at, now ? unsubscribe_code::insufficient_state : unsubscribe_code::server_unsubscribe);
  return false;
}

void hub_state::end_channel(channel_map::iterator at, unsubscribe_code why) {
  by_actor_[at->second.who.id()].clear();
  self_->send<caf::message_priority::high>(at->second.who, give_away{});
  strike(at, why);
}

void hub_state::strike(channel_map::iterator at, unsubscribe_code why) {
  const auto& [channel, of] = *at;
  if (of.space->is_of_patterns) unwatch(channel);
  if (of.owner != 0) abandon(channel, of.owner); // before those who are told ask there again
  if (of.occupied)
    report(channel_vacated{channel, std::chrono::system_clock::now(), channel_vacated::cause::failed});
  tell_lost(channel, why);
  channels_.erase(at);
  self_->home().counters().channels.subtract();
}

void hub_state::on_idle(const channel_idle& m) {
  const auto found = channels_.find(m.channel);
  if (found == channels_.end() || found->second.who != self_->current_sender()) return;
  if (found->second.forwarded != m.handled) return; // it is about to be used again
  self_->send(found->second.who, may_go{});
  by_actor_[found->second.who.id()].clear();
  if (found->second.space->is_of_patterns) unwatch(m.channel);
  channels_.erase(found);
  self_->home().counters().channels.subtract();
}

void hub_state::on_down(const caf::down_msg& m) {
  const auto ended = by_actor_.extract(m.source.id());
  if (ended.empty()) {
    changes_.remove(m.source.id()); // an observer
    return;
  }
  if (ending_) {
    if (by_actor_.empty()) end();
    return;
  }
  const auto& channel = ended.mapped();
  if (channel.empty() || has_moved(channel, m.source.id())) return; // it had leave to go
  self_->home().counters().channels_failed.add();
  settings_->log->write(
    severity::error, "channel_failed",
    {{"channel", channel}, {"reason", self_->system().render(m.reason)}});
  tell_hook_lost(channel);
  strike(channels_.find(channel), unsubscribe_code::insufficient_state);
}

bool hub_state::kill(std::uint64_t actor) {
  const auto named = by_actor_.find(actor);
  if (named == by_actor_.end()) return false;
  const auto found = channels_.find(named->second);
  if (found == channels_.end() || found->second.who.id() != actor) return false; // it is about to end
  self_->send_exit(found->second.who, caf::exit_reason::kill);
  return true;
}

void hub_state::on_exit(const caf::exit_msg& m) {
  ending_ = m.reason ? m.reason : caf::make_error(caf::exit_reason::user_shutdown);
  if (by_actor_.empty()) return end();
  for (const auto& [channel, at] : channels_) self_->send_exit(at.who, ending_);
  for (const auto& [channel, moved] : moving_) self_->send_exit(moved.who, ending_);
}

void hub_state::end() {
  tell_all();
  self_->quit(ending_);
}

void hub_state::tell_lost(const std::string& channel, unsubscribe_code why) {
  auto event = caf::make_counted<channel_event>();
  event->what = channel_event::kind::lost;
  event->sequence = ++sequence_;
  event->channel = channel;
  event->why = why;
  for (const auto& shard : settings_->shards) caf::anon_send(shard, fan_out_event{event});
  if (view_)
    for (const auto& peer : view_->peers()) caf::anon_send(peer, fan_out_event{event}); // for their mirrors
}

hub_actor::behavior_type hub(hub_state::pointer self,
                             std::shared_ptr<const channel_settings> settings) {
  return self->state.make_behavior(std::move(settings));
}

void meet(std::span<const hub_actor> hubs, const watching_actor& beyond) {
  meet_hubs everyone{{hubs.begin(), hubs.end()}};
  if (beyond) everyone.all.push_back(beyond);
  for (const auto& hub : hubs) caf::anon_send(hub, everyone);
}

const channel_actor& hub_of(std::string_view channel, std::span<const channel_actor> hubs) {
  return hubs[index_of_hub(channel, hubs.size())];
}

std::size_t index_of_hub(std::string_view channel, std::size_t hubs) noexcept {
  return std::hash<std::string_view>{}(channel) % hubs;
}

} // namespace troupe::centrifuge
