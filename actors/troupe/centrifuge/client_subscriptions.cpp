// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The subscriptions of a client: how they begin, what they get, how they end.
#include <troupe/centrifuge/client.hpp>
#include <troupe/centrifuge/hub.hpp>

#include <algorithm>
#include <utility>

namespace troupe::centrifuge {
namespace {

/// What does not fit into the client's queue cannot be recovered: the subscription begins at the end
/// of the stream then, and the client loads its state anew. @returns whether it is so.
bool shorten(subscribe_result& granted, std::size_t max_bytes) {
  std::size_t bytes = 0;
  for (const auto& r : granted.publications)
    bytes += r.form == payload_form::delta ? r.delta.size() : r.publication->data.bytes.size();
  if (bytes <= max_bytes) return false;
  granted.position.offset = granted.publications.back().publication->offset;
  granted.publications.clear();
  granted.recovered = false;
  return true;
}

} // namespace

void client_state::on(std::uint32_t id, const subscribe_request& r) {
  const auto& channels = *settings_->channels;
  if (!channels.find({})->rule.fits(r.channel)) return fail(id, error_code::bad_request);
  if (subscriptions_.contains(r.channel)) return fail(id, error_code::already_subscribed);
  if (subscriptions_.size() >= settings_->options.channel_limit)
    return fail(id, error_code::limit_exceeded);
  const auto* in = look_up(id, r.channel);
  if (!in) return;
  if (r.type != 0) return fail(id, error_code::not_available);
  if (!r.token.empty())
    return verify(verify_subscription{r.token},
                  [this, id, r](const subscription_verdict& m) { on_verdict(id, r, m); });
  if (is_asked_about(in->options, r.channel)) return ask_to_subscribe(id, r);
  if (!may_subscribe(in->options, channels.syntax(), r.channel, profile_.user))
    return fail(id, error_code::permission_denied);
  subscribe_client(id, r, {}, std::nullopt);
}

void client_state::subscribe_client(std::uint32_t id, const subscribe_request& r,
                                    const subscription_terms& terms,
                                    std::optional<time_point> end) {
  const auto* in = settings_->channels->find(r.channel);
  if (in->is_of_patterns && r.recover) return fail(id, error_code::not_available);
  if (r.filter && (!in->options.allow_tags_filter || !validate(*r.filter).empty()))
    return fail(id, error_code::bad_request);
  busy_ = true;
  subscribe(r.channel, *in, r, subscription::source::client, terms,
            [this, id, end, channel = r.channel](subscribe_answer answer) {
              if (auto* granted = std::get_if<subscribe_result>(&answer)) {
                auto& begun = subscriptions_.at(channel);
                set_end(begun, end);
                if (!begun.is_refreshed_here()) granted->expires_in = expiry_of(end);
                reply(id, std::move(*granted));
              } else {
                fail(id, std::get<error_code>(answer));
              }
              go_on();
            });
}

void client_state::subscribe(const std::string& channel, const namespaces::entry& in,
                             const subscribe_request& r, subscription::source by,
                             const subscription_terms& terms,
                             std::function<void(subscribe_answer)> then) {
  const auto& wanted =
      subscriptions_.emplace(channel, subscription{in.options, r, profile_.user, by, terms})
          .first->second;
  subscribe_channel question{.channel = channel, .where = line_.handle(), .info = me(channel),
                             .features = wanted.features(), .overrides = terms.overrides,
                             .codec = profile_.format->kind(),
                             .delta = wanted.delta(), .recover = {}, .reject_unrecovered = false,
                             .data = r.data, .reply_data = terms.data};
  if (r.recover) question.recover = stream_position{r.offset, r.epoch};
  question.reject_unrecovered = (r.flag & subscribe_request::flag_reject_unrecovered) != 0;
  const auto settle = [this, channel, reject = question.reject_unrecovered,
                       then = std::move(then)](subscribe_answered m) {
    if (auto* granted = std::get_if<subscribe_result>(&m.value);
        granted && shorten(*granted, recoverable_bytes()) && reject) {
      leave(channel);
      m.value = error_code::unrecoverable_position;
    }
    if (auto* granted = std::get_if<subscribe_result>(&m.value))
      subscriptions_.at(channel).begin(*granted, m.sequence);
    else
      subscriptions_.erase(channel);
    expect_events();
    then(std::move(m.value));
  };
  self_->request(hub_of(channel, settings_->hubs), caf::infinite, std::move(question))
      .then([settle](const subscribe_answered& m) { settle(m); },
            [settle](const caf::error&) { settle({error_code::internal}); });
}

void client_state::on(std::uint32_t id, const unsubscribe_request& r) {
  if (subscriptions_.erase(r.channel) == 0) return reply(id, unsubscribe_result{});
  expect_events();
  line_.withdraw(r.channel);
  busy_ = true;
  // Clients take an error here for a reason to reconnect: there is none, whatever the channel says.
  const auto done = [this, id] {
    reply(id, unsubscribe_result{});
    go_on();
  };
  self_->request(hub_of(r.channel, settings_->hubs), caf::infinite,
                 unsubscribe_channel{r.channel, profile_.id.to_string()})
      .then([done](const unsubscribed&) { done(); }, [done](const caf::error&) { done(); });
}

// -- events ---

void client_state::on_happened(const channel_happened& m) {
  const auto& event = m.event;
  if (line_.is_closing() || holds(event)) return;
  const auto to = subscriptions_.find(event->channel);
  if (to == subscriptions_.end()) return;
  const auto [what, delivery] =
      to->second.judge(*event, profile_.format->kind(), line_.handle());
  switch (what) {
  case subscription::verdict::skip: return;
  case subscription::verdict::deliver: return deliver_event(to, *event, *delivery);
  case subscription::verdict::inappropriate:
    return disconnect(close_reason::inappropriate_protocol);
  case subscription::verdict::insufficient:
    if (event->what != channel_event::kind::lost) restart(to);
    else if (resubscribes(event->why)) restart(to, false);
    else end_subscription(to, event->why, false);
    return flush();
  }
}

void client_state::deliver_event(subscriptions::iterator to, const channel_event& event,
                                 const delivery_ptr& what) {
  const auto [status, evicted] = line_.queue(what);
  if (status == send_status::queued && evicted == 0) return;
  if (status == send_status::full) return disconnect(close_reason::slow_consumer);
  const bool is_lost = status != send_status::queued;
  if (is_lost && event.what == channel_event::kind::published && to->second.loses()) restart(to);
  // Whose publications were evicted is not known: whoever's may have been starts anew.
  for (auto next = subscriptions_.begin(); evicted != 0 && next != subscriptions_.end();) {
    const auto each = next++;
    if (each->second.minds_eviction()) restart(each);
  }
  flush();
}

void client_state::restart(subscriptions::iterator ended, bool tell_channel) {
  if (ended->second.server_side()) return disconnect(close_reason::insufficient_state);
  end_subscription(ended, unsubscribe_code::insufficient_state, tell_channel);
}

void client_state::end_subscription(subscriptions::iterator ended, unsubscribe_code code,
                                    bool tell_channel) {
  const auto channel = subscriptions_.extract(ended).key();
  expect_events();
  line_.withdraw(channel);
  push(channel, unsubscribe_push{code});
  if (tell_channel) leave(channel);
}

void client_state::expect_events() noexcept {
  self_->works_also_on(subscriptions_.empty() ? nullptr : &*subscriptions_.begin());
}

std::size_t client_state::recoverable_bytes() const {
  const auto waiting = line_.queued_control_bytes() + output_.size();
  const auto most = settings_->options.max_recovered_bytes();
  return most - std::min(most, waiting);
}

void client_state::leave(const std::string& channel) {
  self_->request(hub_of(channel, settings_->hubs), caf::infinite,
                 unsubscribe_channel{channel, profile_.id.to_string()})
      .then([](const unsubscribed&) {}, [](const caf::error&) {}); // one that failed has forgotten
}

} // namespace troupe::centrifuge
