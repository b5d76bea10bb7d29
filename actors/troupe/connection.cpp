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

double spread_of(const client_id& id) noexcept {
  constexpr std::size_t steps = 4096;
  return static_cast<double>(std::hash<client_id>{}(id) % steps) / steps;
}

} // namespace

connection_state::connection_state(pointer self)
  : self_(self), heartbeat_({}, self->home().now(), 0),
    deadline_([](void* state) {
      auto* self_of = static_cast<connection_state*>(state)->self_;
      self_of->send(self_of, deadline_passed{});
    }, this) {}

connection_state::~connection_state() {
  if (out_) out_->abandon();
}

connection_actor::behavior_type connection_state::make_behavior(
  std::shared_ptr<const connection_settings> settings, const shard_actor& shard,
  connection_identity identity, std::shared_ptr<transport> out) {
  settings_ = std::move(settings);
  out_ = std::move(out);
  speaks_to_ = std::move(identity.speaks_to);
  heartbeat_ = heartbeat{settings_->heartbeat, self_->home().now(), spread_of(identity.id)};
  self_->set_exception_handler([](std::exception_ptr&) {
    return caf::make_error(close_reason::internal_error,
                           close_record{.reason = close_reason::internal_error});
  });
  self_->request(shard, caf::infinite,
                 join{identity.id, std::move(identity.user), std::move(identity.groups),
                      std::move(identity.labels)})
    .then([this](const joined& m) { on_joined(m.handle); },
          [this](const caf::error&) { // its shard is gone; a transport without an owner tells nobody
            out_->cut(close_reason::shutting_down);
            on_transport_closed({{.reason = close_reason::shutting_down}});
          });
  return {
    [this](const deliver& m) { queue(m.what); },
    [this](const confirm_deliver& m) { return outcome{queue(m.what)}; },
    [this](const received& m) { on_received(m); },
    [this](const pong_received&) {
      heartbeat_.pong(settings_->heartbeat, self_->home().now());
      arm();
    },
    [this](const transport_closed& m) { on_transport_closed(m); },
    [this](const credit& m) {
      if (out_) out_->grant(m.bytes);
    },
    [this](const close_connection& m) { close(m.status, m.how); },
    [this](const deadline_passed&) { on_deadline(); },
  };
}

void connection_state::on_joined(connection_handle handle) {
  handle_ = handle;
  if (!out_) return;
  out_->start(connection_actor{self_}, gap_marker);
  arm();
}

send_status connection_state::queue(const delivery_ptr& what) {
  auto& counters = self_->home().counters();
  const auto count = what->message.count();
  if (closing_) {
    counters.messages_dropped.add(count);
    return send_status::dropped;
  }
  const auto [status, evicted] = out_->send(what);
  counters.messages_dropped.add(evicted);
  switch (status) {
    case send_status::queued: counters.messages_queued.add(count); break;
    case send_status::conflated: counters.messages_conflated.add(count); break;
    case send_status::dropped: counters.messages_dropped.add(count); break;
    case send_status::full:
      counters.messages_dropped.add(count);
      close(close_status::of(close_reason::slow_consumer));
      return send_status::dropped;
  }
  return status;
}

void connection_state::on_received(const received& m) {
  auto& home = self_->home();
  home.counters().messages_in.add();
  home.counters().bytes_in.add(m.message.payload().size());
  heartbeat_.message(settings_->heartbeat, home.now());
  if (closing_) return;
  self_->send(settings_->registry,
              submit{{.to = speaks_to_,
                      .message = m.message,
                      .exclude = settings_->echo ? connection_handle{} : handle_,
                      .policy = settings_->policy},
                     m.cost});
}

void connection_state::on_deadline() {
  if (closing_) return;
  switch (heartbeat_.check(settings_->heartbeat, self_->home().now())) {
    case heartbeat::verdict::wait: break;
    case heartbeat::verdict::ping: out_->send_control(ping_frame()); break;
    case heartbeat::verdict::no_pong: return close(close_status::of(close_reason::pong_timeout));
    case heartbeat::verdict::idle: return close(close_status::of(close_reason::idle));
  }
  arm();
}

void connection_state::arm() {
  if (closing_) return;
  if (const auto next = heartbeat_.next(settings_->heartbeat))
    self_->home().timers().arm(deadline_, *next);
}

void connection_state::close(const close_status& status, closing how) {
  if (!out_) return;
  if (how == closing::cut) out_->cut(status.reason);
  else if (!closing_) out_->close(status);
  closing_ = true;
  deadline_.cancel();
}

void connection_state::on_transport_closed(const transport_closed& m) {
  out_.reset();
  self_->quit(caf::make_error(m.record.reason, m.record));
}

connection_actor::behavior_type connection(connection_state::pointer self,
                                           std::shared_ptr<const connection_settings> settings,
                                           shard_actor shard, connection_identity identity,
                                           std::shared_ptr<transport> out) {
  return self->state.make_behavior(std::move(settings), shard, std::move(identity),
                                   std::move(out));
}

} // namespace troupe
