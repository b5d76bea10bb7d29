// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/client.hpp>

#include <troupe/centrifuge/disconnects.hpp>

#include <algorithm>
#include <utility>

namespace troupe::centrifuge {
namespace {

using namespace std::chrono_literals;

constexpr auto patience_after_refusal = 5s;

std::optional<host::clock::time_point> earlier(std::optional<host::clock::time_point> a,
                                               std::optional<host::clock::time_point> b) noexcept {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

/// What a command counts as; nothing: it has no rate.
struct counted_as {
  using counted = std::optional<rates::operation>;

  counted operator()(const subscribe_request&) const { return rates::operation::subscribe; }
  counted operator()(const unsubscribe_request&) const { return rates::operation::unsubscribe; }
  counted operator()(const publish_request&) const { return rates::operation::publish; }
  counted operator()(const presence_request&) const { return rates::operation::presence; }
  counted operator()(const presence_stats_request&) const { return rates::operation::presence; }
  counted operator()(const history_request&) const { return rates::operation::history; }
  counted operator()(const rpc_request&) const { return rates::operation::rpc; }
  counted operator()(const send_request&) const { return rates::operation::rpc; }
  counted operator()(const refresh_request&) const { return rates::operation::refresh; }
  counted operator()(const sub_refresh_request&) const { return rates::operation::sub_refresh; }
  counted operator()(const auto&) const { return std::nullopt; }
};

opcode opcode_of(const codec& format) noexcept {
  return format.kind() == encoding::json ? opcode::text : opcode::binary;
}

} // namespace

client_state::client_state(pointer self)
    : self_(self), line_(self), heartbeat_({}, self->home().now(), 0) {}

client_actor::behavior_type
client_state::make_behavior(std::shared_ptr<const client_settings> settings,
                            const shard_actor& shard, client_profile profile,
                            std::shared_ptr<transport> out) {
  settings_ = std::move(settings);
  profile_ = std::move(profile);
  gate_ = rates::checkpoint{settings_->limits.get()};
  shard_ = shard;
  self_->expects(express_lanes<&client_state::on_happened, &client_state::on_received, &client_state::on_deadline,
                               &client_state::on_pong_frame>::of<pointer>);
  // Lost publications are told by unsubscribe pushes, so there is no gap marker.
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  line_.open(shard,
             {.id = profile_.id, .user = profile_.user, .groups = {}, .labels = {},
              .origin = profile_.origin, .told = announcement::on_introduction},
             std::move(out), nullptr, [this] { arm(); });
  return handlers();
}

// CAF tries one handler after the other: what is frequent comes first.
const client_actor::behavior_type& client_state::handlers() {
  static constexpr auto me = []() -> client_state& { return running_state<pointer>(); };
  static const client_actor::behavior_type all{
      [](const channel_happened& m) { me().on_happened(m); },
      [](const received& m) { me().on_received(m); },
      [](const deadline_passed& m) { me().on_deadline(m); },
      [](const pong_received& m) { me().on_pong_frame(m); },
      [](const push_message& m) { me().push(m); },
      [](const transport_closed& m) { me().line_.end(m); },
      [](const close_connection& m) { me().close(translated(m.status), m.how); },
      [](const grant_subscription& m) { return me().on_order(m); },
      [](const revoke_subscription& m) { return me().on_order(m); },
      [](const renew_connection& m) { return me().on_order(m); },
      [](const describe&) { return me().details(); },
      [](const limit_queue& m) { return me().line_.limit(m.max_bytes); },
      [](const credit&) {}, // for submitted messages; a client submits none
      // Frames that were not made for this protocol would only confuse the client.
      [](const deliver&) {},
      [](const confirm_deliver&) { return outcome{send_status::dropped}; },
  };
  return all;
}

// -- commands in ---

void client_state::on_received(const received& m) {
  line_.count_received(m.message.payload());
  if (line_.is_closing()) return;
  inbox_.push_back({m.message, m.cost});
  work();
}

void client_state::work() {
  while (!busy_ && !line_.is_closing()) {
    if (!orders_.empty()) {
      const auto next = std::move(orders_.front());
      orders_.erase(orders_.begin());
      next();
      continue;
    }
    if (inbox_.empty()) break;
    auto& first = inbox_.front();
    auto rest = first.message.payload().substr(first.done);
    if (first.begun && rest.empty()) {
      const auto cost = first.cost;
      inbox_.erase(inbox_.begin());
      line_.grant(cost);
      continue;
    }
    command next;
    first.begun = true;
    if (const auto wrong = profile_.format->decode(rest, next); !wrong.empty())
      return disconnect(close_reason::bad_request);
    first.done = first.message.payload().size() - rest.size();
    if (stage_ == stage::refused) continue;
    if (stage_ == stage::waiting && !std::holds_alternative<connect_request>(next.body))
      return disconnect(close_reason::bad_request);
    const auto what = std::visit(counted_as{}, next.body);
    if (what && gate_.minds(*what)) handle_rated(*what, std::move(next));
    else handle(next);
  }
  flush();
}

void client_state::handle(const command& m) {
  std::visit([&](const auto& body) { on(m.id, body); }, m.body);
}

void client_state::handle_rated(rates::operation what, command m) {
  const auto settle = [this, m = std::make_shared<const command>(std::move(m))](rates::verdict v) {
    if (v == rates::verdict::granted) handle(*m);
    else refuse_rated(*m);
  };
  const auto later = [this, settle](rates::verdict v) {
    busy_ = false;
    if (!line_.is_closing()) settle(v);
    if (!busy_) work();
  };
  if (const auto now = gate_.pass(self_, what, {profile_.user, profile_.origin.peer}, later)) settle(*now);
  else busy_ = true;
}

void client_state::refuse_rated(const command& m) {
  if (m.id != 0) fail(m.id, error_code::too_many_requests);
}

void client_state::go_on() {
  busy_ = false;
  work();
}

// -- replies and pushes out ---

void client_state::write(const std::optional<std::string>& encoded) {
  if (!encoded) return disconnect(close_reason::inappropriate_protocol);
  profile_.format->join(output_, *encoded);
}

void client_state::reply(std::uint32_t id, result body) {
  if (line_.is_closing()) return;
  const auto text = profile_.format->encode(troupe::centrifuge::reply{id, std::move(body)});
  // One that could never be queued would close the connection, and the next one that asks the same.
  if (text && text->size() + outbox::max_overhead > settings_->options.max_reply_bytes())
    return fail(id, error_code::limit_exceeded);
  write(text);
}

void client_state::push(std::string channel, push_body body) {
  if (line_.is_closing()) return;
  write(profile_.format->encode(troupe::centrifuge::push{std::move(channel), std::move(body)}));
}

void client_state::push(const push_message& m) {
  if (stage_ == stage::connecting && is_known_) return push_later(m);
  if (stage_ != stage::connected) return; // nobody could know it
  push({}, message_push{m.data});
  flush();
}

void client_state::flush() {
  line_.figures().subscriptions.set(static_cast<std::uint32_t>(subscriptions_.size()));
  if (output_.empty()) return;
  const auto message = frame::encode(opcode_of(*profile_.format), std::exchange(output_, {}));
  if (line_.queued_control_bytes() + message.bytes().size() > settings_->options.max_reply_bytes())
    return disconnect(close_reason::slow_consumer);
  line_.control(message);
}

connection_details client_state::details() const {
  auto told = line_.details();
  for (const auto& [channel, one] : subscriptions_) told.subscriptions.push_back(one.details(channel));
  return told;
}

// -- time ---

void client_state::arm() {
  const auto now = self_->home().now();
  switch (stage_) {
  case stage::waiting:
    if (const auto delay = settings_->options.stale_close_delay; delay.count() != 0)
      line_.wake_at(now + delay);
    break;
  case stage::connecting: break;
  case stage::refused: line_.wake_at(now + patience_after_refusal); break;
  case stage::connected:
    if (const auto next = earlier(heartbeat_.next(pulse_), next_expiry())) line_.wake_at(*next);
    else line_.never_wake();
    break;
  }
}

void client_state::on_deadline(const deadline_passed&) {
  if (line_.is_closing()) return;
  if (stage_ == stage::refused) return disconnect(close_reason::connect_refused, closing::cut);
  if (stage_ != stage::connected) return disconnect(close_reason::stale);
  if (!expire()) return;
  switch (heartbeat_.check(pulse_, self_->home().now())) {
  case heartbeat::verdict::ping:
    line_.control(profile_.frame_pings
                      ? frame::encode(opcode::ping, {})
                      : frame::encode(opcode_of(*profile_.format), profile_.format->ping()));
    break;
  case heartbeat::verdict::no_pong:
    return disconnect(close_reason::pong_timeout,
                      profile_.frame_pings ? closing::cut : closing::handshake);
  case heartbeat::verdict::wait:
  case heartbeat::verdict::idle: break;
  }
  arm();
}

void client_state::on_pong_frame(const pong_received&) {
  if (!profile_.frame_pings || stage_ != stage::connected) return;
  if (const auto rtt = heartbeat_.pong(self_->home().now()))
    line_.figures().measured_rtt(*rtt);
  arm();
}

void client_state::on(std::uint32_t, const pong&) {
  // Nothing but the one answer to a ping is a pong.
  const auto rtt = profile_.frame_pings ? std::nullopt : heartbeat_.pong(self_->home().now());
  if (!rtt) return disconnect(close_reason::bad_request);
  line_.figures().measured_rtt(*rtt);
  arm();
}

// -- the end ---

void client_state::disconnect(close_reason reason, closing how) { close(status_of(reason), how); }

void client_state::close(const close_status& status, closing how) {
  if (status.reason == close_reason::slow_consumer) output_.clear();
  else flush();
  line_.close(status, how);
  inbox_.clear();
  orders_.clear();
}

client_actor::behavior_type client(client_state::pointer self,
                                   std::shared_ptr<const client_settings> settings,
                                   shard_actor shard, client_profile profile,
                                   std::shared_ptr<transport> out) {
  return self->state.make_behavior(std::move(settings), shard, std::move(profile), std::move(out));
}

} // namespace troupe::centrifuge
