// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/connection.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr auto longest_life = std::chrono::hours{24 * 365}; // what timers need not count beyond

frame gap_marker(std::uint32_t lost) {
  return frame::encode(opcode::text, fmt::format(R"({{"gap":{{"dropped":{}}}}})", lost));
}

const frame& ping_frame() {
  static const auto ping = frame::encode(opcode::ping, {});
  return ping;
}

} // namespace

connection_state::connection_state(pointer self)
  : self_(self), line_(self), heartbeat_({}, self->home().now(), 0) {}

connection_actor::behavior_type connection_state::make_behavior(
  std::shared_ptr<const connection_settings> settings, const shard_actor& shard,
  connection_identity identity, std::shared_ptr<transport> out) {
  settings_ = std::move(settings);
  if (identity.speaks_to != target::everyone())
    speaks_to_ = std::make_unique<const target>(std::move(identity.speaks_to));
  heartbeat_ = heartbeat{settings_->heartbeat.get(), self_->home().now(), spread_of(identity.id)};
  id_ = identity.id;
  if (identity.expires_in)
    end_ = self_->home().now() + std::min<std::chrono::milliseconds>(*identity.expires_in, longest_life);
  hooks::opened self_portrait{{id_, connection_actor{self_}, settings_->path, identity.user,
                               identity.origin.peer, identity.origin.over}};
  line_.figures().subscriptions.set(static_cast<std::uint32_t>(identity.groups.size()));
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->expects(express_lanes<&connection_state::on_deliver, &connection_state::on_received, &connection_state::on_credit,
                               &connection_state::on_deadline, &connection_state::on_pong>::of<pointer>);
  line_.open(shard,
             {identity.id, std::move(identity.user), std::move(identity.groups),
              std::move(identity.labels), std::move(identity.origin), std::move(identity.meta)},
             std::move(out), gap_marker, [this, portrait = std::move(self_portrait)] {
               arm();
               if (settings_->keeper) ask_route(portrait, 0);
             });
  return handlers();
}

// CAF tries one handler after the other: what is frequent comes first.
const connection_actor::behavior_type& connection_state::handlers() {
  static constexpr auto me = []() -> connection_state& { return running_state<pointer>(); };
  static const connection_actor::behavior_type all{
    [](const deliver& m) { me().on_deliver(m); },
    [](const received& m) { me().on_received(m); },
    [](const credit& m) { me().on_credit(m); },
    [](const deadline_passed& m) { me().on_deadline(m); },
    [](const pong_received& m) { me().on_pong(m); },
    [](const confirm_deliver& m) { return outcome{me().queue(m.what)}; },
    [](const transport_closed& m) { me().line_.end(m); },
    [](const close_connection& m) { me().line_.close(m.status, m.how); },
    [](const describe&) { return me().line_.details(); },
    [](const limit_queue& m) { return me().line_.limit(m.max_bytes); },
  };
  return all;
}

send_status connection_state::queue(const delivery_ptr& what) {
  const auto status = line_.queue(what).status;
  if (status != send_status::full) return status;
  line_.close(close_status::of(close_reason::slow_consumer));
  return send_status::dropped;
}

void connection_state::on_received(const received& m) {
  auto& home = self_->home();
  line_.count_received(m.message.payload());
  heartbeat_.message(home.now());
  if (line_.is_closing()) return;
  judge(m);
}

void connection_state::judge(const received& m) {
  const auto* rates = settings_->limits ? &settings_->limits->options.get() : nullptr;
  // Without a change all messages take the same way, and arrive as they came.
  if (rated_ && rated_->asked != 0 && (rated_->by != rates || !rated_->behind.empty()))
    return rated_->behind.push_back(m);
  if (rates && rates->any(rates::operation::message)) handle_rated(m, *rates);
  else handle(m);
}

void connection_state::handle_rated(const received& m, const rates::rate_options& rates) {
  if (!rated_) rated_.reset(new rated{.gate = rates::checkpoint{settings_->limits.get()}, .behind = {}});
  const auto& who = line_.profile();
  const auto later = [this, m](rates::verdict v) {
    on_judged(m, v);
    if (--rated_->asked != 0) return;
    for (const auto& next : std::exchange(rated_->behind, {}))
      if (!line_.is_closing()) judge(next);
  };
  const auto now = rated_->gate.pass(self_, rates::operation::message, {who.user, who.origin.peer}, later);
  if (now) return on_judged(m, *now);
  ++rated_->asked;
  rated_->by = &rates;
}

void connection_state::on_judged(const received& m, rates::verdict v) {
  if (v == rates::verdict::granted) handle(m); // even if a later one has closed it meanwhile
  else line_.close(close_status::of(close_reason::too_many_requests));
}

void connection_state::handle(const received& m) {
  if (settings_->keeper) return ask_route(hooks::message{id_, m.message}, m.cost);
  send_express(self_, settings_->registry,
               submit{{.to = speaks_to_ ? *speaks_to_ : target::everyone(),
                       .message = m.message,
                       .exclude = settings_->echo ? connection_handle{} : line_.handle(),
                       .policy = settings_->policy},
                      m.cost, self_->home().now()});
}

template <class Request>
void connection_state::ask_route(const Request& m, std::size_t cost) {
  self_->request(settings_->keeper, caf::infinite, m)
    .then(
      [this, cost](const hooks::answer& a) {
        obey(a);
        line_.grant(cost);
      },
      [this, cost](const caf::error& why) {
        on_route_failed(why);
        line_.grant(cost);
      });
}

void connection_state::obey(const hooks::answer& a) {
  for (const auto& reply : a.replies)
    queue(caf::make_counted<delivery>(target::connection(id_), reply, connection_handle{},
                                      settings_->policy, std::string{}));
  if (a.close.reason != close_reason::none) line_.close(a.close);
}

void connection_state::on_route_failed(const caf::error& why) {
  // What was lost with an actor that is restarted is counted by its keeper; the connection stays.
  if (why == hooks::failure::overloaded)
    line_.close(close_status::of(close_reason::extension_overloaded));
  else if (why == hooks::failure::gave_up)
    line_.close(close_status::of(close_reason::extension_failed));
}

void connection_state::on_pong(const pong_received&) {
  if (const auto rtt = heartbeat_.pong(self_->home().now())) line_.figures().measured_rtt(*rtt);
  arm();
}

void connection_state::on_credit(const credit& m) {
  line_.grant(m.bytes);
}

void connection_state::on_deadline(const deadline_passed&) {
  if (line_.is_closing()) return;
  if (is_over()) return line_.close(close_status::of(close_reason::connection_expired));
  switch (heartbeat_.check(settings_->heartbeat.get(), self_->home().now())) {
    case heartbeat::verdict::wait: break;
    case heartbeat::verdict::ping: line_.control(ping_frame()); break;
    case heartbeat::verdict::no_pong:
      return line_.close(close_status::of(close_reason::pong_timeout));
    case heartbeat::verdict::idle: return line_.close(close_status::of(close_reason::idle));
  }
  arm();
}

void connection_state::arm() {
  auto next = heartbeat_.next(settings_->heartbeat.get());
  if (end_ != never) next = std::min(end_, next.value_or(end_));
  if (next) line_.wake_at(*next);
}

bool connection_state::is_over() const { return self_->home().now() >= end_; }

connection_actor::behavior_type connection(connection_state::pointer self,
                                           std::shared_ptr<const connection_settings> settings,
                                           shard_actor shard, connection_identity identity,
                                           std::shared_ptr<transport> out) {
  return self->state.make_behavior(std::move(settings), shard, std::move(identity),
                                   std::move(out));
}

} // namespace troupe
