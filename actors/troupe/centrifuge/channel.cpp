// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/channel.hpp>

#include <troupe/centrifuge/endings.hpp>
#include <troupe/centrifuge/fossil.hpp>

#include <algorithm>
#include <utility>

namespace troupe::centrifuge {

channel_state::channel_state(pointer self)
  : self_(self), deadline_([](void* state) {
      auto* self_of = static_cast<channel_state*>(state)->self_;
      self_of->send(self_of, deadline_passed{});
    }, this) {}

channel_state::~channel_state() {
  give_up_storing();
  for (auto& answer : unwatched_) answer(false);
}

template <class F>
auto channel_state::handled(F handle) {
  ++handled_;
  used_ = self_->home().now();
  auto answer = handle();
  arm();
  return answer;
}

spawned_channel_actor::behavior_type channel_state::make_behavior(
  std::shared_ptr<const channel_settings> settings, hub_actor hub, std::string channel,
  const namespaces::entry& space, std::uint64_t sequence, hooks::namespace_keeper_actor hook, const stream_source& from) {
  settings_ = std::move(settings);
  hub_ = std::move(hub);
  channel_ = std::move(channel);
  options_ = &space.options;
  hook_ = std::move(hook);
  is_pattern_ = space.is_of_patterns;
  sequence_ = sequence;
  used_ = self_->home().now();
  self_->meter()->become(inspection::actor_kind::channel);
  self_->meter().identify(caf::make_counted<meters::actor_title>(channel_));
  residents_.emplace(self_, settings_->shards, settings_->codecs, channel_, !is_pattern_);
  fan_outs_.emplace(self_, settings_->shards, [this] { arm(); });
  self_->set_exception_handler(failure_of);
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  self_->monitor(hub_);
  is_stored_ = settings_->store && options_->history_persistent && options_->has_history();
  // Before all else.
  if (is_stored_) open_stored();
  else if (from.any()) await_stream(from);
  return {
    [this](const subscribe_channel& m) { return handled([&] { return on_subscribe(m); }); },
    [this](const unsubscribe_channel& m) { return handled([&] { return on_unsubscribe(m); }); },
    // Gives the payload away: nobody shares the message.
    [this](publish_channel& m) { return handled([&] { return on_publish(m, {}); }); },
    [this](const get_presence&) { return handled([&] { return on_presence(); }); },
    [this](const get_presence_stats&) { return handled([&] { return on_presence_stats(); }); },
    [this](const get_history& m) { return handled([&] { return on_history(m); }); },
    [this](const remove_history&) { return handled([&] { return on_remove_history(); }); },
    [this](publish_watched& m) {
      return handled([&] { return on_publish(m.what, m.watchers); });
    },
    [this](const publish_match& m) { return on_match(m); },
    [this](const pattern_watched&) { on_watched(); },
    [this](const tell_changes&) { is_observed_ = !is_pattern_; },
    [this](const may_go&) { self_->quit(); },
    [this](const abandon_channel&) {
      ++handled_;
      if (const auto& via = self_->current_sender()) on_abandoned(via->id());
    },
    [this](adopt_stream& m) { return handled([&] { return on_adopt(m); }); },
    [this](const give_away& m) { on_give_away(m); },
    [this](const depart&) { on_depart(); },
    [this](const renew_options& m) { on_renewed(*m.options); },
    [](const happened_elsewhere&) {}, // it is no mirror
    [this](const deadline_passed&) { on_deadline(); },
  };
}

// -- subscribers come and go ----------------------------------------------------------------------

caf::typed_response_promise<subscribe_answered> channel_state::on_subscribe(
  const subscribe_channel& m) {
  const caf::strong_actor_ptr sender = self_->current_sender(); // the promise takes it away
  auto promise = self_->make_response_promise<subscribe_answered>();
  if (is_open_) subscribe(m, sender, promise);
  else when_open(promise, [this, m, sender, promise] { subscribe(m, sender, promise); });
  return promise;
}

void channel_state::subscribe(const subscribe_channel& m, const caf::strong_actor_ptr& sender,
                              caf::typed_response_promise<subscribe_answered> promise) {
  if (is_closed_) {
    promise.delegate(hub_, m);
    return;
  }
  auto answer = answer_to(m, sender);
  if (std::holds_alternative<error_code>(answer)) {
    promise.deliver(subscribe_answered{std::move(answer), sequence_});
    return;
  }
  const listener as{m.where, m.codec, m.delta, m.features.join_leave};
  if (const auto had = subscribers_.find(m.info.client); had != subscribers_.end()) { // as answer_to() has found
    leave(had->second);
    had->second.as = as;
    enter(had->second, m.info.client, m.via);
    promise.deliver(subscribe_answered{std::move(answer), sequence_});
    return;
  }
  const bool announces = m.overrides.join_leave.value_or(options_->join_leave);
  const auto& entered =
    subscribers_.emplace(m.info.client,
                         subscriber{caf::actor_cast<caf::actor_addr>(sender), m.via ? m.via.id() : 0, as,
                                    announces || hook_ || is_observed_ ? m.info : client_info{},
                                    announces, is_observed_}).first->second;
  enter(entered, m.info.client, m.via);
  if (m.overrides.presence.value_or(options_->presence)) presence_.add(m.info);
  if (hook_) self_->send(hook_, hooks::entered{channel_, m.info});
  if (subscribers_.size() == 1) tell(channel_occupied{channel_, {}});
  tell(member_joined{channel_, m.info.user, m.info.client, {}});
  if (is_pattern_ && !is_watched_) {
    unwatched_.push_back([this, promise, answer = std::move(answer)](bool done) mutable {
      if (!done) answer = error_code::internal;
      promise.deliver(subscribe_answered{std::move(answer), sequence_});
    });
    return;
  }
  promise.deliver(subscribe_answered{std::move(answer), sequence_});
  if (announces) announce(channel_event::kind::joined, m.info);
}

void channel_state::on_watched() {
  is_watched_ = true;
  for (auto& answer : std::exchange(unwatched_, {})) answer(true);
}

subscribe_answer channel_state::answer_to(const subscribe_channel& m,
                                          const caf::strong_actor_ptr& sender) {
  const bool is_reachable = m.via || (m.where && m.where.shard < settings_->shards.size());
  if (!sender || has_ended(sender) || !is_reachable) return error_code::bad_request;
  // Its node knows better: what that has asked before, it has given up.
  const auto had = subscribers_.find(m.info.client);
  const bool asks_again = had != subscribers_.end() && m.via && had->second.via == m.via.id();
  if ((had != subscribers_.end() && !asks_again) || residents_->find(sender->id())) return error_code::already_subscribed;
  const auto now = self_->home().now();
  const bool has_history = options_->has_history();
  subscribe_result r;
  r.delta = m.delta;
  r.data = m.reply_data;
  r.recoverable = has_history && m.features.recoverable;
  r.positioned = has_history && (m.features.positioned || m.features.recoverable);
  if (r.positioned) r.position = stream().top(now);
  auto seen = m.recover;
  if (!seen && r.recoverable && options_->auto_cache_recover) seen.emplace();
  r.was_recovering = seen.has_value();
  if (seen && r.recoverable) {
    auto found = stream().recover(*seen, options_->force_recovery_mode,
                                  settings_->max_recovered_publications, now);
    r.recovered = found.recovered;
    if (r.recovered) r.position.offset = seen->offset; // the client counts on from there
    r.publications = renditions(std::move(found.publications), m.delta);
  }
  if (m.reject_unrecovered && m.recover && !r.recovered) return error_code::unrecoverable_position;
  return r;
}

caf::typed_response_promise<unsubscribed> channel_state::on_unsubscribe(
  const unsubscribe_channel& m) {
  auto promise = self_->make_response_promise<unsubscribed>();
  const auto shards = remove(m.client);
  if (shards == 0) return promise.deliver(unsubscribed{});
  fan_outs_->open(sequence_, shards, 0, [promise](bool) mutable { promise.deliver(unsubscribed{}); });
  return promise;
}

void channel_state::on_down(const caf::down_msg& m) {
  if (m.source == hub_.address()) return self_->quit(m.reason);
  if (is_closed_) return; // they have been told
  if (portals_.contains(m.source.id())) return on_portal_down(m.source.id());
  if (const auto* client = residents_->find(m.source.id())) {
    remove(std::string{*client});
    used_ = self_->home().now();
    arm();
  }
}

std::size_t channel_state::remove(const std::string& client) {
  auto removed = subscribers_.extract(client);
  if (removed.empty()) return 0;
  const auto& gone = removed.mapped();
  leave(gone);
  presence_.remove(client);
  if (hook_) self_->send(hook_, hooks::left{channel_, gone.info});
  if (gone.told) tell(member_left{channel_, gone.info.user, client, {}});
  if (subscribers_.empty()) tell(channel_vacated{channel_, {}});
  return gone.announced ? announce(channel_event::kind::left, gone.info) : 0;
}

template <class Change>
void channel_state::tell(Change what) {
  if (!is_observed_) return;
  what.when = std::chrono::system_clock::now();
  self_->send(hub_, channel_changed{std::move(what)});
}

presence_answered channel_state::on_presence() const {
  if (!options_->presence) return {error_code::not_available};
  presence_result r;
  r.clients.insert(presence_.clients().begin(), presence_.clients().end());
  return {std::move(r)};
}

presence_stats_answered channel_state::on_presence_stats() const {
  if (!options_->presence) return {error_code::not_available};
  return {presence_stats_result{static_cast<std::uint32_t>(presence_.client_count()),
                                static_cast<std::uint32_t>(presence_.user_count())}};
}

caf::typed_response_promise<history_answered> channel_state::on_history(const get_history& m) {
  auto promise = self_->make_response_promise<history_answered>();
  if (!options_->has_history()) return promise.deliver(history_answered{error_code::not_available});
  when_open(promise, [this, query = m.query, promise,
                      most = m.most.value_or(settings_->max_history_publications)]() mutable {
    promise.deliver(history_answered{stream().read(query, most, self_->home().now())});
  });
  return promise;
}

caf::typed_response_promise<remove_history_answered> channel_state::on_remove_history() {
  auto promise = self_->make_response_promise<remove_history_answered>();
  if (!options_->has_history()) return promise.deliver(remove_history_answered{error_code::not_available});
  when_open(promise, [this, promise]() mutable {
    if (is_stored_) return remove_stored(promise);
    stream().clear();
    promise.deliver(remove_history_answered{history_removed{}});
  });
  return promise;
}

history& channel_state::stream() {
  if (!history_) history_.emplace(options_->history(), random_epoch, self_->home().now());
  return *history_;
}

// What needs another channel the hub has found out.
void channel_state::on_renewed(const channel_options& options) {
  options_ = &options;
  if (!options.presence) presence_ = {};
  if (history_ && options.has_history()) history_->change(options.history());
  arm();
}

// -- the end --------------------------------------------------------------------------------------

void channel_state::show() {
  auto& figures = self_->meter()->channel;
  figures.subscribers.set(static_cast<std::uint32_t>(subscribers_.size()));
  figures.pending_bytes.set(fan_outs_->pending_bytes());
  if (!history_) return;
  figures.history.set(static_cast<std::uint32_t>(history_->kept()));
  figures.offset.set(history_->offset());
}

std::optional<host::clock::time_point> channel_state::leaves_at() const {
  if (!is_open_ || !subscribers_.empty() || !fan_outs_->empty() || !unstored_.empty() || asked_ != 0) return std::nullopt;
  const auto unused = std::max(used_ + settings_->idle, keys_.forgotten_at());
  return history_ && !is_stored_ ? std::max(unused, history_->forgotten_at()) : unused;
}

void channel_state::arm() {
  show();
  if (departure_) return arm_departure();
  if (!is_open_ && arrival_) return self_->home().timers().arm(deadline_, arrival_->next());
  auto next = leaves_at();
  if (history_)
    if (const auto due = history_->expires_at()) next = next ? std::min(*next, *due) : *due;
  if (next) self_->home().timers().arm(deadline_, *next);
  else deadline_.cancel();
}

void channel_state::on_deadline() {
  if (departure_) return departure_->go_on();
  if (!is_open_ && arrival_) return arrival_->go_on(), arm();
  const auto now = self_->home().now();
  if (const auto end = leaves_at(); end && *end <= now)
    return self_->send(hub_, channel_idle{channel_, handled_}); // armed again by what comes instead
  if (history_) history_->latest(now); // drops what has expired
  arm();
}

spawned_channel_actor::behavior_type channel(channel_state::pointer self,
                                             std::shared_ptr<const channel_settings> settings,
                                             hub_actor hub, std::string name,
                                             const namespaces::entry* space,
                                             std::uint64_t sequence,
                                             hooks::namespace_keeper_actor hook,
                                             const stream_source& from) {
  return self->state.make_behavior(std::move(settings), std::move(hub), std::move(name), *space,
                                   sequence, std::move(hook), from);
}

} // namespace troupe::centrifuge
