// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/shard.hpp>

#include <troupe/hooks/directory.hpp>

#include <caf/send.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds drain_step{100};

closing_figures figures_of(hosted_job* who, std::chrono::nanoseconds uptime) {
  if (!who) return {.uptime = uptime};
  const auto& c = who->meter()->connection;
  return {.uptime = uptime,
          .queue_bytes = c.unsent_bytes.value(),
          .queue_messages = c.unsent_messages.value(),
          .rtt = std::chrono::nanoseconds{c.rtt.value()},
          .bytes_in = c.bytes_in.value(),
          .bytes_out = c.bytes_out.value(),
          .messages_in = c.messages_in.value(),
          .messages_out = c.messages_out.value(),
          .dropped = c.dropped.value()};
}

} // namespace

shard_state::shard_state(pointer self)
  : self_(self), events_({}), drain_timer_([](void* state) {
      static_cast<shard_state*>(state)->go_on_soon();
    }, this) {}

template <class Answer>
caf::typed_response_promise<Answer> shard_state::in_turn(std::function<Answer()> act) {
  auto promise = self_->make_response_promise<Answer>();
  jobs_.push_back({.act = [promise, act = std::move(act)]() mutable { promise.deliver(act()); }});
  if (!going_on_) work();
  return promise;
}

shard_actor::behavior_type shard_state::make_behavior(const shard_options& options) {
  options_ = options;
  self_->meter()->become(inspection::actor_kind::shard);
  events_ = lifecycle_log{options.observers};
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  self_->expects(express_lanes<&shard_state::on_fan_out, &shard_state::on_go_on>::of<pointer>);
  return {
    [this](const join& m) { return on_join(m); },
    [this](const introduce& m) { on_introduce(m); },
    [this](const fan_out& m) { on_fan_out(m); },
    [this](const confirm_fan_out& m) { return on_confirm(m); },
    [this](const change_membership& m) { return in_turn<receipt>([this, m] { return change(m); }); },
    [this](const close_connections& m) { return in_turn<receipt>([this, m] { return close(m); }); },
    [this](const drain& m) { start_drain(m); },
    [this](const observe& m) { return start_observing(m); },
    [this](const unobserve& m) { return stop_observing(m); },
    [this](const sync_connections& m) { return on_sync(m); },
    [this](const list_sets& m) { return in_turn<listed_sets>([this, m] { return list(m); }); },
    [this](const list_connections& m) {
      return in_turn<listed_connections>([this, m] { return list(m); });
    },
    [this](const describe_connection& m) { return pass_on(m.id, troupe::describe{}); },
    [this](const limit_connection& m) { return pass_on(m.id, limit_queue{m.max_bytes}); },
    [this](const centrifuge::fan_out_event& m) { return on_event(m); },
    [this](const centrifuge::change_channel_members& m) { on_channel_members(m); },
    [this](const go_on& m) { on_go_on(m); },
  };
}

// -- connections come and go -----------------------------------------------------------------------

template <class Question>
caf::result<connection_details> shard_state::pass_on(const client_id& whom, Question what) {
  const auto found = by_id_.find(whom);
  if (found == by_id_.end()) return caf::make_error(caf::sec::request_receiver_down);
  return self_->delegate(slots_[found->second].who, what);
}

joined shard_state::on_join(const join& m) {
  auto who = caf::actor_cast<connection_actor>(self_->current_sender());
  const auto at = slots_.insert({});
  auto& s = slots_[at];
  if (++last_generation_ == 0) ++last_generation_; // 0 is nobody
  const connection_handle handle{static_cast<std::uint16_t>(self_->home().index()),
                                 last_generation_, at};
  s.generation = last_generation_;
  s.plain = speaks_plainly(m.origin.over);
  s.profile = {new connection_profile(handle, m.id, m.user, m.groups, m.labels, m.origin,
                                      std::chrono::system_clock::now(), m.meta),
               false};
  s.joined = self_->home().now();
  s.who = who;
  s.lives = dynamic_cast<hosted_job*>(caf::actor_cast<caf::abstract_actor*>(who));
  by_id_.emplace(m.id, at);
  by_actor_.emplace(who.id(), at);
  if (!m.user.empty()) index_.add(membership::user, m.user, at, s.in);
  for (const auto& group : m.groups) index_.add(membership::group, group, at, s.in);
  for (const auto& label : m.labels) index_.add(membership::label, label, at, s.in);
  auto& counters = self_->home().counters();
  counters.connections.add();
  counters.opened.add();
  self_->monitor(who);
  if (draining_) self_->send(who, close_connection{farewell(m.id)});
  if (m.told == announcement::on_join) come_up(s, s.profile->opened);
  return {handle, s.profile};
}

void shard_state::on_introduce(const introduce& m) {
  const auto& who = self_->current_sender();
  const auto found = who ? by_actor_.find(who->id()) : by_actor_.end();
  if (found == by_actor_.end()) return;
  const auto at = found->second;
  auto& s = slots_[at];
  if (s.up) return;
  if (!m.user.empty()) index_.add(membership::user, m.user, at, s.in);
  for (const auto& label : m.labels) index_.add(membership::label, label, at, s.in);
  s.profile = s.profile->as(m.user.empty() ? s.profile->user : m.user, m.labels, m.meta);
  if (s.lives) s.lives->meter().identify(s.profile);
  come_up(s, std::chrono::system_clock::now());
}

void shard_state::come_up(slot& who, std::chrono::system_clock::time_point when) {
  who.up = true;
  ++up_;
  report(connection_up{who.profile, when});
  enter_user(who);
}

void shard_state::on_down(const caf::down_msg& m) {
  const auto found = by_actor_.find(m.source.id());
  if (found == by_actor_.end()) {
    events_.remove(m.source.id()); // an observer
    return;
  }
  const auto at = found->second;
  by_actor_.erase(found);
  auto& gone = slots_[at];
  const auto who = gone.profile;
  const auto record = record_of(m.reason);
  connection_down end{who, std::chrono::system_clock::now(), record,
                      figures_of(gone.lives, self_->home().now() - gone.joined)};
  if (gone.up) {
    --up_;
    report(std::move(end));
    leave_user(who, record);
  } else {
    report(connection_refused{std::move(end)});
  }
  by_id_.erase(who->id);
  index_.remove_all(gone.in);
  slots_.erase(at);
  auto& counters = self_->home().counters();
  counters.connections.subtract();
  counters.closed.add();
  counters.closed_by_reason[static_cast<std::size_t>(record.reason)].add();
  options_.log->write(record.reason == close_reason::internal_error ? severity::error
                                                                    : severity::debug,
                      "connection_closed",
                      {{"id", who->id.to_string()},
                       {"reason", to_string(record.reason)},
                       {"code_sent", fmt::to_string(record.code_sent)},
                       {"code_received", fmt::to_string(record.code_received)},
                       {"text", record.text}});
  end_if_drained();
}

// -- observers -------------------------------------------------------------------------------------

receipt shard_state::start_observing(const observe& m) {
  if (events_.add(m.who)) self_->monitor(m.who);
  return {.matched = up_};
}

receipt shard_state::stop_observing(const unobserve& m) {
  if (events_.remove(m.who.id())) self_->demonitor(m.who.address());
  return {.matched = up_};
}

caf::typed_response_promise<noted> shard_state::on_sync(const sync_connections& m) {
  auto promise = self_->make_response_promise<noted>();
  events_.sync(m.who.id(), promise);
  return promise;
}

void shard_state::report(connection_event event) {
  if (!events_.observed()) return;
  events_.append(std::move(event));
  send_reports();
}

void shard_state::send_reports() {
  events_.send_due(static_cast<std::uint16_t>(self_->home().index()),
                   [this](const connection_observer& who, connection_events batch) {
                     self_->request(who, caf::infinite, std::move(batch))
                       .then([this, id = who.id()](const noted&) {
                         events_.noted(id);
                         send_reports();
                       }, [this, id = who.id()](const caf::error&) { events_.remove(id); });
                   });
}

// -- users that have actors ------------------------------------------------------------------------

void shard_state::enter_user(const slot& s) {
  if (s.profile->user.empty() || !options_.extensions) return;
  if (const auto& users = options_.extensions->of_users())
    self_->send(users.of(s.profile->user), hooks::user_came{s.profile, s.who});
}

void shard_state::leave_user(const connection_profile_ptr& who, const close_record& how) {
  if (who->user.empty() || !options_.extensions) return;
  if (const auto& users = options_.extensions->of_users())
    self_->send(users.of(who->user), hooks::user_went{who, how});
}

// -- whole sets ------------------------------------------------------------------------------------

template <class F>
void shard_state::for_each(const target& to, F visit) {
  if (to.of == target::kind::connection) {
    if (const auto found = by_id_.find(to.id); found != by_id_.end()) visit(found->second);
  } else if (to.of == target::kind::everyone) {
    for (std::uint32_t at = 0; at < slots_.extent(); ++at)
      if (slots_[at].who) visit(at);
  } else if (const auto groups = groups_of(to)) {
    for (std::uint32_t at = 0; at < slots_.extent(); ++at)
      if (slots_[at].who && is_in(slots_[at], *groups)) visit(at);
  } else if (const auto* members = members_of(to)) {
    std::vector<std::uint32_t> slots; // `visit` may change the set
    for (std::uint32_t i = 0; i < members->extent(); ++i)
      if (const auto at = (*members)[i].slot; at != membership_index::member::none)
        slots.push_back(at);
    for (const auto at : slots) visit(at);
  }
}

void shard_state::change(const centrifuge::change_channel_members& m) {
  const auto at = m.where.slot;
  if (!is_at(m.where, at)) return; // down already, which took it out of every set
  if (m.what == centrifuge::change_channel_members::action::add)
    index_.add(membership::channel, m.channel, at, slots_[at].in);
  else index_.remove(membership::channel, m.channel, slots_[at].in);
}

void shard_state::forget_channel(const std::string& channel) {
  std::uint32_t i = 0; // the set ends with its last member
  while (const auto* members = index_.find(membership::channel, channel)) {
    const auto at = (*members)[i++].slot;
    if (at != membership_index::member::none)
      index_.remove(membership::channel, channel, slots_[at].in);
  }
}

receipt shard_state::change(const change_membership& m) {
  receipt r;
  for_each(m.of, [&](std::uint32_t at) {
    ++r.matched;
    auto& s = slots_[at];
    const bool adds = m.what == change_membership::action::add;
    if (adds) index_.add(m.in, m.name, at, s.in);
    else index_.remove(m.in, m.name, s.in);
    if (m.in != membership::user || (s.profile->user == m.name) == adds) return;
    if (s.up) leave_user(s.profile, {});
    s.profile = s.profile->as_user(adds ? m.name : std::string{});
    if (s.lives) s.lives->meter().identify(s.profile);
    if (!s.up) return;
    report(connection_changed{s.profile, std::chrono::system_clock::now()});
    enter_user(s);
  });
  r.queued = r.matched;
  return r;
}

receipt shard_state::close(const close_connections& m) {
  receipt r;
  for_each(m.to, [&](std::uint32_t at) {
    ++r.matched;
    self_->send(slots_[at].who, close_connection{m.status, m.how});
  });
  r.queued = r.matched;
  return r;
}

// -- draining --------------------------------------------------------------------------------------

void shard_state::start_drain(const drain& m) {
  if (std::exchange(draining_, true)) return;
  drain_rate_ = m.rate;
  retry_window_ = m.retry_window;
  drain_began_ = self_->home().now();
  go_on_soon();
}

void shard_state::drain_some(std::uint32_t budget) {
  auto allowed = std::size_t{budget};
  if (drain_rate_ != 0) {
    const auto elapsed = self_->home().now() - drain_began_ + drain_step;
    const auto due = std::chrono::duration<double>(elapsed).count() * static_cast<double>(drain_rate_);
    allowed = std::min(allowed, static_cast<std::size_t>(due) - std::min(drained_, static_cast<std::size_t>(due)));
  }
  for (; allowed != 0 && drain_cursor_ < slots_.extent(); ++drain_cursor_) {
    const auto& s = slots_[drain_cursor_];
    if (!s.who) continue;
    self_->send(s.who, close_connection{farewell(s.profile->id)});
    ++drained_;
    --allowed;
  }
  if (drain_cursor_ >= slots_.extent()) end_if_drained();
  else if (drain_rate_ != 0) self_->home().timers().arm(drain_timer_, self_->home().now() + drain_step);
  else go_on_soon();
}

close_status shard_state::farewell(const client_id& id) const {
  auto status = close_status::of(close_reason::shutting_down);
  if (retry_window_.count() != 0)
    status.text += fmt::format("; retry in {:.0f} ms", spread_of(id) * static_cast<double>(retry_window_.count()));
  return status;
}

void shard_state::end_if_drained() {
  if (!draining_ || !by_actor_.empty() || !jobs_.empty()) return;
  events_.send_all(static_cast<std::uint16_t>(self_->home().index()),
                   [](const connection_observer& who, connection_events batch) {
                     caf::anon_send(who, std::move(batch)); // nobody is left to hear the answer
                   });
  self_->quit();
}

shard_actor::behavior_type shard(shard_state::pointer self, shard_options options) {
  return self->state.make_behavior(options);
}

} // namespace troupe
