// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/channel.hpp>

#include <troupe/centrifuge/fossil.hpp>

#include <algorithm>
#include <random>
#include <utility>

namespace troupe::centrifuge {

namespace {

std::string random_epoch() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::random_device entropy;
  std::uniform_int_distribution<std::size_t> pick(0, letters.size() - 1);
  std::string epoch(8, ' ');
  for (auto& letter : epoch) letter = letters[pick(entropy)];
  return epoch;
}

caf::error failure_of(std::exception_ptr& what) {
  try {
    std::rethrow_exception(what);
  } catch (const std::exception& e) {
    return caf::make_error(caf::sec::runtime_error, e.what());
  } catch (...) {
    return caf::sec::runtime_error;
  }
}

/// Recovered publications as a subscriber gets them: with deltas, each to the one before it.
std::vector<rendition> renditions(std::vector<publication_ptr> publications, bool delta) {
  std::vector<rendition> result;
  result.reserve(publications.size());
  publication_ptr previous;
  for (auto& next : publications) {
    if (delta) result.push_back(delta_rendition(previous, next));
    else result.push_back({next, payload_form::plain, {}});
    previous = std::move(next);
  }
  return result;
}

} // namespace

channel_state::channel_state(pointer self)
  : self_(self), deadline_([](void* state) {
      auto* self_of = static_cast<channel_state*>(state)->self_;
      self_of->send(self_of, deadline_passed{});
    }, this) {}

channel_state::~channel_state() {
  for (auto& [sequence, open] : open_) open.answer(false);
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
  const channel_options& options, std::uint64_t sequence) {
  settings_ = std::move(settings);
  hub_ = std::move(hub);
  channel_ = std::move(channel);
  options_ = &options;
  sequence_ = sequence;
  used_ = self_->home().now();
  audience_.emplace(settings_->shards.size(), settings_->codecs);
  self_->set_exception_handler(failure_of);
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  self_->monitor(hub_);
  return {
    [this](const subscribe_channel& m) { return handled([&] { return on_subscribe(m); }); },
    [this](const unsubscribe_channel& m) { return handled([&] { return on_unsubscribe(m); }); },
    // Gives the payload away: nobody shares the message.
    [this](publish_channel& m) { return handled([&] { return on_publish(m); }); },
    [this](const get_presence&) { return handled([&] { return on_presence(); }); },
    [this](const get_presence_stats&) { return handled([&] { return on_presence_stats(); }); },
    [this](const get_history& m) { return handled([&] { return on_history(m); }); },
    [this](const may_go&) { self_->quit(); },
    [this](const deadline_passed&) { on_deadline(); },
  };
}

// -- subscribers come and go ----------------------------------------------------------------------

caf::typed_response_promise<subscribe_answered> channel_state::on_subscribe(
  const subscribe_channel& m) {
  const caf::strong_actor_ptr sender = self_->current_sender(); // the promise takes it away
  auto promise = self_->make_response_promise<subscribe_answered>();
  auto answer = answer_to(m, sender);
  if (std::holds_alternative<error_code>(answer))
    return promise.deliver(subscribe_answered{std::move(answer), sequence_});
  const listener as{m.where, m.codec, m.delta, m.features.join_leave};
  const auto& options = *options_;
  subscribers_.emplace(m.info.client,
                       subscriber{caf::actor_cast<caf::actor_addr>(sender), as,
                                  options.join_leave ? m.info : client_info{}});
  by_actor_.emplace(sender->id(), m.info.client);
  self_->monitor(sender);
  audience_->add(as);
  if (options.presence) presence_.add(m.info);
  self_->send(settings_->shards[m.where.shard],
              change_channel_members{channel_, m.where, change_channel_members::action::add});
  promise.deliver(subscribe_answered{std::move(answer), sequence_});
  if (options.join_leave) announce(channel_event::kind::joined, m.info);
  return promise;
}

subscribe_answer channel_state::answer_to(const subscribe_channel& m,
                                          const caf::strong_actor_ptr& sender) {
  if (!sender || !m.where || m.where.shard >= settings_->shards.size())
    return error_code::bad_request;
  if (subscribers_.contains(m.info.client) || by_actor_.contains(sender->id()))
    return error_code::already_subscribed;
  const auto now = self_->home().now();
  const bool has_history = options_->has_history();
  subscribe_result r;
  r.delta = m.delta;
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
  if (const auto found = subscribers_.find(m.client); found != subscribers_.end())
    self_->demonitor(found->second.who);
  const auto shards = remove(m.client);
  if (shards == 0) return promise.deliver(unsubscribed{});
  open_.emplace(sequence_, open_event{shards, 0, [promise](bool) mutable {
                                        promise.deliver(unsubscribed{});
                                      }});
  return promise;
}

void channel_state::on_down(const caf::down_msg& m) {
  if (m.source == hub_.address()) return self_->quit(m.reason);
  if (const auto found = by_actor_.find(m.source.id()); found != by_actor_.end()) {
    remove(std::string{found->second});
    used_ = self_->home().now();
    arm();
  }
}

std::size_t channel_state::remove(const std::string& client) {
  auto removed = subscribers_.extract(client);
  if (removed.empty()) return 0;
  const auto& gone = removed.mapped();
  by_actor_.erase(gone.who.id());
  audience_->remove(gone.as);
  presence_.remove(client);
  self_->send(settings_->shards[gone.as.where.shard],
              change_channel_members{channel_, gone.as.where,
                                     change_channel_members::action::remove});
  return options_->join_leave ? announce(channel_event::kind::left, gone.info) : 0;
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

// -- publications ---------------------------------------------------------------------------------

caf::typed_response_promise<publish_answered> channel_state::on_publish(publish_channel& m) {
  auto promise = self_->make_response_promise<publish_answered>();
  auto& counters = self_->home().counters();
  const auto bytes = sizeof(publication) + m.data.bytes.size();
  if (pending_bytes_ + bytes > settings_->max_pending_bytes) {
    counters.publications_refused.add();
    return promise.deliver(publish_answered{error_code::too_many_requests});
  }
  counters.publications.add();
  const auto event = next_event(channel_event::kind::published);
  event->exclude = m.exclude;
  publication next{std::move(m.data), std::move(m.info), 0, {}, std::move(m.tags)};
  publication_ptr previous;
  if (options_->has_history()) {
    const auto now = self_->home().now();
    if (options_->delta_publish && audience_->wants_deltas()) previous = stream().latest(now);
    event->publication = stream().append(std::move(next), now);
  } else {
    event->publication = std::make_shared<const publication>(std::move(next));
  }
  const auto policy = options_->slow_consumer;
  std::string key;
  if (policy == overflow::latest_per_key) key = channel_ + '\n' + m.key; // one outbox, many channels
  audience_->encode_publication(*event, previous, policy, key);
  stream_position position{event->publication->offset, event->publication->epoch};
  const auto shards = fan_out(event);
  if (shards == 0) return promise.deliver(publish_answered{std::move(position)});
  pending_bytes_ += bytes;
  open_.emplace(sequence_, open_event{shards, bytes, [promise, position](bool done) mutable {
                                        publish_answer answer{error_code::internal};
                                        if (done) answer = position;
                                        promise.deliver(publish_answered{std::move(answer)});
                                      }});
  return promise;
}

history_answered channel_state::on_history(const get_history& m) {
  if (!options_->has_history()) return {error_code::not_available};
  return {stream().read(m.query, settings_->max_history_publications, self_->home().now())};
}

history& channel_state::stream() {
  if (!history_) history_.emplace(options_->history(), random_epoch, self_->home().now());
  return *history_;
}

caf::intrusive_ptr<channel_event> channel_state::next_event(channel_event::kind what) {
  auto event = caf::make_counted<channel_event>();
  event->what = what;
  event->sequence = ++sequence_;
  event->channel = channel_;
  return event;
}

std::size_t channel_state::announce(channel_event::kind what, const client_info& who) {
  if (!audience_->wants_join_leave()) return 0;
  const auto event = next_event(what);
  push message{channel_, join_push{who}};
  if (what == channel_event::kind::left) message.body = leave_push{who};
  // Nobody's coming replaces another's.
  const auto policy = options_->slow_consumer == overflow::latest_per_key ? overflow::drop_oldest
                                                                          : options_->slow_consumer;
  audience_->encode_join_leave(*event, message, policy);
  return fan_out(event);
}

std::size_t channel_state::fan_out(const channel_event_ptr& event) {
  std::size_t asked = 0;
  const auto& subscribers = audience_->by_shard();
  for (std::size_t i = 0; i < subscribers.size(); ++i) {
    if (subscribers[i] == 0) continue;
    ++asked;
    const auto done = [this, sequence = event->sequence] { on_fanned_out(sequence); };
    self_->request(settings_->shards[i], caf::infinite, fan_out_event{event})
      .then([done](const fanned_out&) { done(); },
            [done](const caf::error&) { done(); }); // gone, with its connections
  }
  return asked;
}

void channel_state::on_fanned_out(std::uint64_t sequence) {
  const auto found = open_.find(sequence); // for some nobody waits
  if (found == open_.end() || --found->second.missing != 0) return;
  pending_bytes_ -= found->second.bytes;
  found->second.answer(true);
  open_.erase(found);
  arm();
}

// -- the end --------------------------------------------------------------------------------------

std::optional<host::clock::time_point> channel_state::leaves_at() const {
  if (!subscribers_.empty() || !open_.empty()) return std::nullopt;
  const auto unused = used_ + settings_->idle;
  return history_ ? std::max(unused, history_->forgotten_at()) : unused;
}

void channel_state::arm() {
  auto next = leaves_at();
  if (history_)
    if (const auto due = history_->expires_at()) next = next ? std::min(*next, *due) : *due;
  if (next) self_->home().timers().arm(deadline_, *next);
  else deadline_.cancel();
}

void channel_state::on_deadline() {
  const auto now = self_->home().now();
  if (const auto end = leaves_at(); end && *end <= now)
    return self_->send(hub_, channel_idle{channel_, handled_}); // armed again by what comes instead
  if (history_) history_->latest(now); // drops what has expired
  arm();
}

spawned_channel_actor::behavior_type channel(channel_state::pointer self,
                                             std::shared_ptr<const channel_settings> settings,
                                             hub_actor hub, std::string name,
                                             const channel_options* options,
                                             std::uint64_t sequence) {
  return self->state.make_behavior(std::move(settings), std::move(hub), std::move(name), *options,
                                   sequence);
}

} // namespace troupe::centrifuge
