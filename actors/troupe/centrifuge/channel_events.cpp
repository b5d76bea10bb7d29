// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a channel publishes and announces, on its way to the shards and to the patterns that match.
#include <troupe/centrifuge/channel.hpp>

#include <utility>

namespace troupe::centrifuge {

caf::typed_response_promise<publish_answered> channel_state::on_publish(
  publish_channel& m, const std::vector<watcher>& watchers) {
  auto promise = self_->make_response_promise<publish_answered>();
  if (is_pattern_) return promise.deliver(publish_answered{error_code::bad_request});
  if (fan_outs_->pending_bytes() + sizeof(publication) + m.data.bytes.size() > settings_->max_pending_bytes) {
    self_->home().counters().publications_refused.add();
    return promise.deliver(publish_answered{error_code::too_many_requests});
  }
  if (is_stored_) publish_stored(m, watchers, promise);
  else if (is_open_) publish(m, watchers, promise);
  else publish_later(m, watchers, promise);
  return promise;
}

void channel_state::publish(publish_channel& m, const std::vector<watcher>& watchers,
                            caf::typed_response_promise<publish_answered> promise) {
  if (auto before = answered_before(m)) {
    promise.deliver(publish_answered{*std::move(before)});
    return;
  }
  count(m.data);
  publication next{std::move(m.data), std::move(m.info), 0, {}, std::move(m.tags)};
  if (!goes_to_history(m))
    return release(m, std::make_shared<const publication>(std::move(next)), nullptr, watchers, std::move(promise));
  const auto previous = base_of_delta(m);
  release(m, stream().append(std::move(next), self_->home().now()), previous, watchers, std::move(promise));
}

void channel_state::count(const payload& published) {
  self_->home().counters().publications.add();
  self_->meter()->channel.publications.add();
  self_->meter()->channel.bytes_in.add(published.bytes.size());
}

publication_ptr channel_state::base_of_delta(const publish_channel& m) {
  const bool as_delta = m.delta || options_->delta_publish;
  return as_delta && residents_->all().wants_deltas() ? stream().latest(self_->home().now()) : nullptr;
}

void channel_state::release(publish_channel& m, publication_ptr made, const publication_ptr& previous,
                            const std::vector<watcher>& watchers,
                            caf::typed_response_promise<publish_answered> promise) {
  const auto event = next_event(channel_event::kind::published);
  if (!m.via) event->exclude = m.exclude;
  if (!portals_.empty()) {
    auto origin = std::make_shared<event_origin>();
    origin->key = m.key;
    origin->delta = m.delta || options_->delta_publish;
    origin->exclude = m.exclude;
    origin->exclude_at = m.via ? m.via.id() : 0;
    event->origin_of = std::move(origin);
  }
  event->publication = std::move(made);
  stream_position position{event->publication->offset, event->publication->epoch};
  remember(m, position);
  spread(event, previous, m.key, watchers, [promise, position](bool done) mutable {
    publish_answer answer{error_code::internal};
    if (done) answer = position;
    promise.deliver(publish_answered{std::move(answer)});
  });
}

void channel_state::remember(publish_channel& m, const stream_position& position) {
  if (!m.idempotency_key.empty())
    keys_.add(std::move(m.idempotency_key), position, self_->home().now());
  if (m.version == 0 || position.offset == 0) return;
  version_ = m.version;
  version_epoch_ = std::move(m.version_epoch);
  version_stream_ = position.epoch;
}

std::optional<stream_position> channel_state::answered_before(const publish_channel& m) {
  const auto now = self_->home().now();
  if (!m.idempotency_key.empty())
    if (const auto* then = keys_.find(m.idempotency_key, now)) return *then;
  if (m.version == 0 || m.skip_history || !options_->has_history()) return std::nullopt;
  auto top = stream().top(now);
  const bool comparable = top.epoch == version_stream_ &&
                          (m.version_epoch.empty() || m.version_epoch == version_epoch_);
  if (comparable && m.version <= version_) return top;
  return std::nullopt;
}

caf::typed_response_promise<fanned_out> channel_state::on_match(const publish_match& m) {
  auto promise = self_->make_response_promise<fanned_out>();
  const auto bytes = sizeof(publication) + m.publication->data.bytes.size();
  if (fan_outs_->pending_bytes() + bytes > settings_->max_pending_bytes) {
    self_->home().counters().publications_refused.add();
    return promise.deliver(fanned_out{});
  }
  const auto event = next_event(channel_event::kind::published);
  event->origin = m.channel;
  event->exclude = m.exclude;
  event->publication = m.publication;
  spread(event, nullptr, m.channel + '\n' + m.key, {},
         [promise](bool) mutable { promise.deliver(fanned_out{}); });
  return promise;
}

void channel_state::spread(const caf::intrusive_ptr<channel_event>& event,
                           const publication_ptr& previous, const std::string& key,
                           const std::vector<watcher>& watchers,
                           std::function<void(bool done)> answer) {
  // Open before it is encoded: if that fails, whoever waits is told so.
  const auto bytes = sizeof(publication) + event->publication->data.bytes.size();
  fan_outs_->open(event->sequence, 1, bytes, std::move(answer));
  residents_->all().encode_publication(*event, previous, options_->policy(), key);
  const auto awaited = fan_out(event) + watchers.size();
  hand_over(*event, watchers, key);
  fan_outs_->await(event->sequence, awaited);
  fan_outs_->arrived(event->sequence); // the 1 it began with
}

caf::intrusive_ptr<channel_event> channel_state::next_event(channel_event::kind what) {
  auto event = caf::make_counted<channel_event>();
  event->what = what;
  event->sequence = ++sequence_;
  event->channel = channel_;
  return event;
}

std::size_t channel_state::announce(channel_event::kind what, const client_info& who) {
  if (!residents_->all().wants_join_leave() && !portals_want_join_leave()) return 0;
  const auto event = next_event(what);
  if (!portals_.empty()) event->origin_of = std::make_shared<const event_origin>(event_origin{.member = who});
  residents_->all().encode_join_leave(*event, who, options_->policy());
  return fan_out(event);
}

std::size_t channel_state::fan_out(const channel_event_ptr& event) {
  return fan_outs_->to_shards(event, residents_->all().by_shard()) + to_portals(event);
}

void channel_state::hand_over(const channel_event& event, const std::vector<watcher>& watchers,
                              const std::string& key) {
  for (const auto& [pattern, hub] : watchers)
    fan_outs_->to(hub, event.sequence, publish_match{pattern, channel_, event.publication, event.exclude, key});
}

} // namespace troupe::centrifuge
