// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/connection.hpp>

#include <fmt/format.h>

#include <utility>

namespace troupe {

namespace {

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
  speaks_to_ = std::move(identity.speaks_to);
  heartbeat_ = heartbeat{settings_->heartbeat, self_->home().now(), spread_of(identity.id)};
  line_.open(shard,
             {identity.id, std::move(identity.user), std::move(identity.groups),
              std::move(identity.labels)},
             std::move(out), gap_marker, [this] { arm(); });
  return {
    [this](const deliver& m) { queue(m.what); },
    [this](const confirm_deliver& m) { return outcome{queue(m.what)}; },
    [this](const received& m) { on_received(m); },
    [this](const pong_received&) {
      heartbeat_.pong(settings_->heartbeat, self_->home().now());
      arm();
    },
    [this](const transport_closed& m) { line_.end(m); },
    [this](const credit& m) { line_.grant(m.bytes); },
    [this](const close_connection& m) { line_.close(m.status, m.how); },
    [this](const deadline_passed&) { on_deadline(); },
  };
}

send_status connection_state::queue(const delivery_ptr& what) {
  const auto status = line_.queue(what).status;
  if (status != send_status::full) return status;
  line_.close(close_status::of(close_reason::slow_consumer));
  return send_status::dropped;
}

void connection_state::on_received(const received& m) {
  auto& home = self_->home();
  home.counters().messages_in.add();
  home.counters().bytes_in.add(m.message.payload().size());
  heartbeat_.message(settings_->heartbeat, home.now());
  if (line_.is_closing()) return;
  self_->send(settings_->registry,
              submit{{.to = speaks_to_,
                      .message = m.message,
                      .exclude = settings_->echo ? connection_handle{} : line_.handle(),
                      .policy = settings_->policy},
                     m.cost});
}

void connection_state::on_deadline() {
  if (line_.is_closing()) return;
  switch (heartbeat_.check(settings_->heartbeat, self_->home().now())) {
    case heartbeat::verdict::wait: break;
    case heartbeat::verdict::ping: line_.control(ping_frame()); break;
    case heartbeat::verdict::no_pong:
      return line_.close(close_status::of(close_reason::pong_timeout));
    case heartbeat::verdict::idle: return line_.close(close_status::of(close_reason::idle));
  }
  arm();
}

void connection_state::arm() {
  if (const auto next = heartbeat_.next(settings_->heartbeat)) line_.wake_at(*next);
}

connection_actor::behavior_type connection(connection_state::pointer self,
                                           std::shared_ptr<const connection_settings> settings,
                                           shard_actor shard, connection_identity identity,
                                           std::shared_ptr<transport> out) {
  return self->state.make_behavior(std::move(settings), shard, std::move(identity),
                                   std::move(out));
}

} // namespace troupe
