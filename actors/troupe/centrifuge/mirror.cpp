// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/mirror.hpp>

#include <troupe/centrifuge/endings.hpp>
#include <troupe/centrifuge/fossil.hpp>

#include <utility>

namespace troupe::centrifuge {

mirror_state::mirror_state(pointer self)
  : self_(self), deadline_([](void* state) {
      auto* self_of = static_cast<mirror_state*>(state)->self_;
      self_of->send(self_of, deadline_passed{});
    }, this) {}

spawned_channel_actor::behavior_type mirror_state::make_behavior(
  std::shared_ptr<const channel_settings> settings, hub_actor hub, std::string channel, const channel_options& options,
  std::uint64_t sequence, cluster::peer_actor owner) {
  settings_ = std::move(settings);
  hub_ = std::move(hub);
  channel_ = std::move(channel);
  options_ = &options;
  sequence_ = sequence;
  owner_ = std::move(owner);
  used_ = self_->home().now();
  self_->meter()->become(inspection::actor_kind::channel);
  self_->meter().identify(caf::make_counted<meters::actor_title>(channel_));
  residents_.emplace(self_, settings_->shards, settings_->codecs, channel_, true);
  fan_outs_.emplace(self_, settings_->shards, [this] { arm(); });
  self_->set_exception_handler(failure_of);
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  self_->monitor(hub_);
  const auto counted = [this] {
    ++handled_;
    used_ = self_->home().now();
  };
  constexpr auto not_here = error_code::internal; // hubs ask the owner themselves
  return {
    [this, counted](const subscribe_channel& m) { return counted(), on_subscribe(m); },
    [this, counted](const unsubscribe_channel& m) { return counted(), on_unsubscribe(m); },
    [](const publish_channel&) { return publish_answered{not_here}; },
    [](const get_presence&) { return presence_answered{not_here}; },
    [](const get_presence_stats&) { return presence_stats_answered{not_here}; },
    [](const get_history&) { return history_answered{not_here}; },
    [](const remove_history&) { return remove_history_answered{not_here}; },
    [](const publish_watched&) { return publish_answered{not_here}; },
    [](const publish_match&) { return fanned_out{}; },
    [](const pattern_watched&) {},
    [](const tell_changes&) {}, // the owner tells
    [this](const may_go&) { self_->quit(); },
    [](const adopt_stream&) { return stream_adopted{stream_adopted::outcome::refused}; }, // it has no stream
    [this](const give_away&) { close(); },
    [this](const depart&) { self_->quit(); },
    [](const abandon_channel&) {},
    [this](const renew_options& m) { options_ = m.options; },
    [this](const happened_elsewhere& m) { on_happened(*m.event); },
    [this](const deadline_passed&) { on_deadline(); },
  };
}

// -- subscribers come and go ------------------------------------------------------------------------

caf::typed_response_promise<subscribe_answered> mirror_state::on_subscribe(const subscribe_channel& m) {
  const caf::strong_actor_ptr sender = self_->current_sender(); // the promise takes it away
  auto promise = self_->make_response_promise<subscribe_answered>();
  const auto refuse = [&](error_code why) {
    promise.deliver(subscribe_answered{why, sequence_});
    return promise;
  };
  if (is_closed_) return promise.delegate(hub_, m);
  if (!sender || !m.where || m.where.shard >= settings_->shards.size()) return refuse(error_code::bad_request);
  if (subscribers_.contains(m.info.client) || residents_->find(sender->id()) || asking_.contains(m.info.client))
    return refuse(error_code::already_subscribed);
  asking_.emplace(m.info.client, question{m, sender, promise});
  auto relayed = m;
  relayed.delta = false; // they are made here
  const auto answered = [this, client = m.info.client](subscribe_answer answer) {
    if (auto asked = asking_.extract(client); !asked.empty()) settle(asked.mapped(), std::move(answer));
    arm();
  };
  self_->request(owner_, caf::infinite, std::move(relayed))
    .then([answered](const subscribe_answered& said) { answered(said.value); },
          [answered](const caf::error&) { answered(error_code::internal); }); // the owner is gone
  return promise;
}

void mirror_state::settle(question& of, subscribe_answer answer) {
  const auto& [m, who, promise_of] = of;
  auto promise = promise_of;
  auto* granted = std::get_if<subscribe_result>(&answer);
  if (!granted || has_ended(who)) {
    // The owner may count on it.
    if (granted || std::get<error_code>(answer) == error_code::internal) leave(m.info.client, [] {});
    promise.deliver(subscribe_answered{std::move(answer), sequence_});
    return;
  }
  std::vector<publication_ptr> missed;
  for (auto& each : granted->publications) missed.push_back(std::move(each.publication));
  granted->publications = renditions(std::move(missed), m.delta);
  granted->delta = m.delta;
  const listener as{m.where, m.codec, m.delta, m.features.join_leave};
  const auto& entered =
    subscribers_.emplace(m.info.client, subscriber{caf::actor_cast<caf::actor_addr>(who), as}).first->second;
  residents_->add(entered.who, m.info.client, as);
  promise.deliver(subscribe_answered{std::move(answer), sequence_});
}

caf::typed_response_promise<unsubscribed> mirror_state::on_unsubscribe(const unsubscribe_channel& m) {
  auto promise = self_->make_response_promise<unsubscribed>();
  if (!remove(m.client)) return promise.deliver(unsubscribed{});
  leave(m.client, [promise]() mutable { promise.deliver(unsubscribed{}); });
  arm();
  return promise;
}

void mirror_state::leave(const std::string& client, std::function<void()> then) {
  self_->request(owner_, caf::infinite, unsubscribe_channel{channel_, client})
    .then([then](const unsubscribed&) { then(); }, [then](const caf::error&) { then(); }); // gone: it has forgotten
}

bool mirror_state::remove(const std::string& client) {
  const auto removed = subscribers_.extract(client);
  if (removed.empty()) return false;
  residents_->remove(removed.mapped().who, removed.mapped().as);
  return true;
}

void mirror_state::on_down(const caf::down_msg& m) {
  if (m.source == hub_.address()) return self_->quit(m.reason);
  const auto* resident = residents_->find(m.source.id());
  if (!resident) return;
  const std::string client = *resident;
  remove(client);
  leave(client, [] {});
  used_ = self_->home().now();
  arm();
}

// -- what happens where the channel is --------------------------------------------------------------

void mirror_state::on_happened(channel_event& event) {
  if (subscribers_.empty()) return;
  const auto& next = event.publication; // null: it is another event
  const auto bytes = sizeof(publication) + (next ? next->data.bytes.size() : 0);
  if (fan_outs_->pending_bytes() + bytes > settings_->max_pending_bytes) // whoever misses one starts anew
    return self_->quit(caf::make_error(caf::sec::runtime_error, "more is published than its subscribers take"));
  event.sequence = ++sequence_;
  fan_outs_->open(event.sequence, 1, bytes, [](bool) {});
  const auto& all = residents_->all();
  const auto& origin = *event.origin_of;
  if (next) {
    const bool follows = last_ && last_->epoch == next->epoch && last_->offset + 1 == next->offset;
    all.encode_publication(event, origin.delta && follows ? last_ : nullptr, options_->policy(), origin.key);
    if (next->offset != 0) last_ = all.wants_deltas() ? next : nullptr;
  } else {
    all.encode_join_leave(event, origin.member, options_->policy());
  }
  fan_outs_->await(event.sequence, fan_outs_->to_shards(channel_event_ptr{&event}, all.by_shard()));
  fan_outs_->arrived(event.sequence); // the 1 it began with
}

// -- the end ----------------------------------------------------------------------------------------

void mirror_state::arm() {
  auto& figures = self_->meter()->channel;
  figures.subscribers.set(static_cast<std::uint32_t>(subscribers_.size()));
  figures.pending_bytes.set(fan_outs_->pending_bytes());
  if (!subscribers_.empty() || !asking_.empty() || !fan_outs_->empty()) return deadline_.cancel();
  self_->home().timers().arm(deadline_, used_ + settings_->idle);
}

void mirror_state::close() {
  if (std::exchange(is_closed_, true)) return;
  for (auto& [client, asked] : std::exchange(asking_, {})) asked.promise.delegate(hub_, asked.what);
  self_->send(self_, depart{}); // behind those that are still to be sent back
}

void mirror_state::on_deadline() {
  if (!subscribers_.empty() || !asking_.empty() || !fan_outs_->empty()) return;
  self_->send(hub_, channel_idle{channel_, handled_});
}

spawned_channel_actor::behavior_type mirror(mirror_state::pointer self, std::shared_ptr<const channel_settings> settings,
                                            hub_actor hub, std::string name, const channel_options* options,
                                            std::uint64_t sequence, cluster::peer_actor owner) {
  return self->state.make_behavior(std::move(settings), std::move(hub), std::move(name), *options, sequence,
                                   std::move(owner));
}

} // namespace troupe::centrifuge
