// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How a shard fans deliveries and events of channels out, a slice at a time.
#include <troupe/shard.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr std::uint32_t fetched_ahead = 4; // slots, of the one whose turn it is
constexpr std::uint32_t meters_ahead = 2;  // likewise, for what tells where they are has to be there
constexpr std::uint32_t head_start = 16;   // who is first, and need not wait for the others of a slice
constexpr std::uint32_t worth_a_head_start = 4 * head_start;

} // namespace

void shard_state::on_fan_out(const fan_out& m) {
  for (const auto& what : m.deliveries)
    jobs_.push_back({.what = what, .groups = groups_of(what->to)});
  jobs_.back().told = self_->current_sender();
  jobs_.back().number = m.number;
  if (!going_on_) work();
}

caf::typed_response_promise<receipt> shard_state::on_confirm(const confirm_fan_out& m) {
  auto promise = self_->make_response_promise<receipt>();
  auto confirmed = std::make_shared<open_receipt>();
  confirmed->promise = promise;
  jobs_.push_back({.what = m.what, .groups = groups_of(m.what->to), .confirmed = std::move(confirmed)});
  if (!going_on_) work();
  return promise;
}

caf::typed_response_promise<fanned_out> shard_state::on_event(const centrifuge::fan_out_event& m) {
  auto promise = self_->make_response_promise<fanned_out>();
  jobs_.push_back({.event = m.event, .done = promise});
  if (!going_on_) work();
  return promise;
}

void shard_state::on_channel_members(const centrifuge::change_channel_members& m) {
  jobs_.push_back({.act = [this, m] { change(m); }});
  if (!going_on_) work();
}

void shard_state::go_on_soon() {
  if (std::exchange(going_on_, true)) return;
  send_express(self_, go_on{});
}

void shard_state::on_go_on(const go_on&) {
  if (std::exchange(began_, false)) self_->home().send_now();
  work();
}

void shard_state::work() {
  going_on_ = false;
  auto budget = options_.slice;
  const bool alone = jobs_.size() == 1 && !together_;
  while (!jobs_.empty() && budget != 0) {
    auto& first = jobs_.front();
    if (first.act) {
      first.act();
    } else {
      if (!advance(first, budget, alone)) break;
      finish(first);
    }
    jobs_.pop_front();
  }
  if (draining_ && jobs_.empty()) drain_some(budget);
  together_ = !jobs_.empty() && (together_ || jobs_.size() > 1);
  if (jobs_.empty()) return;
  go_on_soon();
  // Who got something handles and sends it while it is in the processor's cache, or all at once when there is more.
  if (!together_) hosted_job::yield();
}

const membership_index::members* shard_state::members_of(const target& to) const {
  switch (to.of) {
    case target::kind::user: return index_.find(membership::user, to.name);
    case target::kind::group: return index_.find(membership::group, to.name);
    case target::kind::label: return index_.find(membership::label, to.name);
    case target::kind::everyone:
    case target::kind::groups:
    case target::kind::connection: break;
  }
  return nullptr;
}

std::shared_ptr<const glob> shard_state::groups_of(const target& to) {
  if (to.of != target::kind::groups) return nullptr;
  auto parsed = glob::parse(to.name);
  return parsed ? std::make_shared<const glob>(*std::move(parsed)) : nullptr;
}

bool shard_state::is_in(const slot& s, const glob& groups) {
  bool found = false;
  membership_index::for_each(s.in, [&](membership in, const std::string& group) {
    found = found || (in == membership::group && groups.matches(group));
  });
  return found;
}

bool shard_state::is_at(const connection_handle& who, std::uint32_t at) const {
  return who && who.slot == at && who.shard == self_->home().index() && at < slots_.extent() &&
         slots_[at].generation == who.generation;
}

bool shard_state::advance(job& j, std::uint32_t& budget, bool alone) {
  if (j.what && j.what->to.of == target::kind::connection) {
    const auto found = by_id_.find(j.what->to.id);
    if (found != by_id_.end()) hand_over(j, found->second);
    --budget;
    return true;
  }
  const bool all = j.what && (j.what->to.of == target::kind::everyone || j.groups);
  const auto* members = j.event ? index_.find(membership::channel, j.event->channel)
                        : all   ? nullptr
                                : members_of(j.what->to);
  const auto extent = all ? slots_.extent() : members ? members->extent() : 0;
  const auto slot_at = [&](std::uint32_t cursor) { return all ? cursor : (*members)[cursor].slot; };
  const auto later = [&](std::uint32_t ahead) -> const hosted_job* {
    const auto at = extent - j.cursor > ahead ? slot_at(j.cursor + ahead) : membership_index::member::none;
    return at == membership_index::member::none ? nullptr : slots_[at].lives;
  };
  if (alone && j.cursor == 0 && extent >= worth_a_head_start) {
    budget = std::min(budget, head_start);
    began_ = true;
  }
  for (; j.cursor < extent && budget != 0; ++j.cursor, --budget) {
    if (const auto* soon = later(fetched_ahead)) soon->prefetch_to_send();
    if (const auto* next = later(meters_ahead)) next->prefetch_meter();
    const auto at = slot_at(j.cursor);
    if (at == membership_index::member::none || !slots_[at].who) continue;
    if (!j.groups || is_in(slots_[at], *j.groups)) hand_over(j, at);
  }
  return j.cursor >= extent;
}

void shard_state::hand_over(job& j, std::uint32_t at) {
  const auto& s = slots_[at];
  if (is_at(j.event ? j.event->exclude : j.what->exclude, at)) return;
  if (j.event) {
    send_express<centrifuge::client_actor>(self_, s.who, centrifuge::channel_happened{j.event});
    return;
  }
  if (!s.plain) return;
  if (!j.confirmed) {
    send_express(self_, s.who, deliver{j.what});
    return;
  }
  ++j.confirmed->so_far.matched;
  const auto answered = [open = j.confirmed](send_status status) {
    auto& r = open->so_far;
    ++(status == send_status::queued || status == send_status::conflated ? r.queued : r.dropped);
    if (open->visited && r.queued + r.dropped == r.matched) open->promise.deliver(r);
  };
  // Answered or bounced on this very loop: a timeout would be one more message for each connection.
  self_->request(s.who, caf::infinite, confirm_deliver{j.what})
    .then([answered](const outcome& o) { answered(o.status); },
          [answered](const caf::error&) { answered(send_status::dropped); });
}

void shard_state::finish(job& j) {
  if (j.confirmed) {
    j.confirmed->visited = true;
    const auto& r = j.confirmed->so_far;
    if (r.queued + r.dropped == r.matched) j.confirmed->promise.deliver(r);
    return;
  }
  if (!j.event) self_->home().counters().broadcasts.add(j.what->message.count());
  else if (j.event->what == centrifuge::channel_event::kind::lost) forget_channel(j.event->channel);
  if (j.done.pending()) j.done.deliver(fanned_out{j.event->sequence});
  if (j.told) send_express<registry_actor>(self_, j.told, fanned_out{j.number});
}

} // namespace troupe
