// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/event_order.hpp>

#include <utility>

namespace troupe::centrifuge {

namespace {

// A client's ID in a member's event is text.
template <class Member>
client_id id_of(const Member& m) { return client_id::parse(m.client).value_or(client_id{}); }

template <class Fact>
const Fact* as(const event_order::event& what) {
  if constexpr (std::is_constructible_v<connection_event, Fact>) {
    const auto* of_connection = std::get_if<connection_event>(&what);
    return of_connection ? std::get_if<Fact>(of_connection) : nullptr;
  } else {
    const auto* of_channel = std::get_if<channel_change>(&what);
    return of_channel ? std::get_if<Fact>(of_channel) : nullptr;
  }
}

// By a member, whose event comes next.
bool is_occupied(const event_order::event& what) { return as<channel_occupied>(what) != nullptr; }

struct profile_in {
  const connection_profile& operator()(const connection_refused& m) const { return *m.end.who; }
  const connection_profile& operator()(const auto& m) const { return *m.who; }
};

} // namespace

std::string event_order::lane_of(const event& what) {
  if (const auto* of_connection = std::get_if<connection_event>(&what)) {
    const auto& who = std::visit(profile_in{}, *of_connection);
    if (who.user.empty()) return "i" + who.id.to_string();
    return "u" + std::to_string(who.handle.shard) + ":" + who.user;
  }
  return "c" + std::visit([](const auto& m) { return m.channel; }, std::get<channel_change>(what));
}

std::optional<client_id> event_order::awaited_by(const event& what, const event* next) const {
  if (const auto* down = as<connection_down>(what)) {
    if (members_.contains(down->who->id)) return down->who->id;
    return std::nullopt;
  }
  if (const auto* changed = as<connection_changed>(what); changed && !up_.contains(changed->who->id))
    return changed->who->id;
  const auto* joined = as<member_joined>(what);
  if (!joined && next && is_occupied(what)) joined = as<member_joined>(*next);
  if (!joined) return std::nullopt;
  const auto who = id_of(*joined);
  if (up_.contains(who)) return std::nullopt;
  return who;
}

std::optional<client_id> event_order::awaited_by(const lane& in) const {
  return awaited_by(in.entries.front().what, in.entries.size() > 1 ? &in.entries[1].what : nullptr);
}

std::vector<event_order::event> event_order::add(event what, time_point now) {
  std::vector<event> out;
  const auto name = lane_of(what);
  entry next{std::move(what), now};
  if (const auto* down = as<connection_down>(next.what); down && !speaks_plainly(down->who->origin.over))
    next.sync = wanted_ = begun_ + 1;
  if (const auto* joined = as<member_joined>(next.what)) ++members_[id_of(*joined)];
  if (next.sync == 0 && !lanes_.contains(name) && !is_occupied(next.what) && !awaited_by(next.what, nullptr)) {
    pass(std::move(next.what), out);
  } else {
    auto& in = lanes_[name];
    in.entries.push_back(std::move(next));
    ++waiting_;
    if (!in.blocked) run(name, force::no, out);
  }
  run_woken(out);
  if (waiting_ > limits_.max_waiting)
    for (auto& each : release()) out.push_back(std::move(each));
  return out;
}

std::vector<event_order::event> event_order::end_sync() {
  std::vector<event> out;
  synced_ = begun_;
  woken_ = std::exchange(unsynced_, {});
  run_woken(out);
  return out;
}

std::vector<event_order::event> event_order::expire(time_point now) { return release_before(now - limits_.patience); }

std::vector<event_order::event> event_order::release() { return release_before(time_point::max()); }

std::vector<event_order::event> event_order::release_before(time_point latest) {
  std::vector<event> out;
  const auto is_late = [&](const lane& in) { return in.entries.front().came <= latest; };
  std::vector<std::string> late;
  for (const auto& [name, in] : lanes_)
    if (is_late(in)) late.push_back(name);
  for (const auto& name : late)
    for (auto found = lanes_.find(name); found != lanes_.end() && is_late(found->second); found = lanes_.find(name)) {
      run(name, force::yes, out);
      run_woken(out);
    }
  return out;
}

void event_order::run(const std::string& name, force first, std::vector<event>& out) {
  const auto found = lanes_.find(name);
  if (found == lanes_.end()) return;
  auto& in = found->second;
  if (std::exchange(in.blocked, false) && first == force::yes)
    if (const auto who = awaited_by(in)) std::erase(blocked_[*who], name);
  while (!in.entries.empty()) {
    if (std::exchange(first, force::no) == force::no) {
      if (in.entries.size() == 1 && is_occupied(in.entries.front().what)) return;
      if (in.entries.front().sync > synced_) {
        in.blocked = true;
        unsynced_.push_back(name);
        return;
      }
      if (const auto who = awaited_by(in)) {
        in.blocked = true;
        blocked_[*who].push_back(name);
        return;
      }
    }
    auto next = std::move(in.entries.front().what);
    in.entries.pop_front();
    --waiting_;
    pass(std::move(next), out);
  }
  lanes_.erase(found);
}

void event_order::run_woken(std::vector<event>& out) {
  while (!woken_.empty()) {
    const auto name = std::move(woken_.back());
    woken_.pop_back();
    run(name, force::no, out);
  }
}

void event_order::pass(event what, std::vector<event>& out) {
  if (const auto* up = as<connection_up>(what)) {
    up_.insert(up->who->id);
    wake(up->who->id);
  } else if (const auto* down = as<connection_down>(what)) {
    up_.erase(down->who->id);
    members_.erase(down->who->id);
  } else if (const auto* left = as<member_left>(what)) {
    const auto who = id_of(*left);
    if (const auto found = members_.find(who); found != members_.end() && --found->second == 0) {
      members_.erase(found);
      wake(who);
    }
  }
  out.push_back(std::move(what));
}

void event_order::wake(const client_id& who) {
  const auto lanes = blocked_.extract(who);
  if (lanes.empty()) return;
  for (auto& name : lanes.mapped()) woken_.push_back(std::move(name));
}

} // namespace troupe::centrifuge
