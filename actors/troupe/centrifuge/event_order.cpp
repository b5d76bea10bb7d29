// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/event_order.hpp>

#include <algorithm>
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
    return who.user.empty() ? "i" + who.id.to_string() : "u" + who.user;
  }
  return "c" + std::visit([](const auto& m) { return m.channel; }, std::get<channel_change>(what));
}

std::optional<client_id> event_order::awaited_by(const event& what, const event* next) const {
  if (const auto* down = as<connection_down>(what)) {
    const auto& who = down->who->id;
    return members_.contains(who) || coming_up_.contains(who) ? std::optional{who} : std::nullopt;
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

void event_order::begin_sync() {
  is_syncing_ = true;
  sync_until_ = time_point::min();
  for (const auto& each : unsorted_) sync_until_ = std::max(sync_until_, each.at);
  doubted_ = std::exchange(in_doubt_, {});
}

event_order::events event_order::end_sync() {
  events out;
  is_syncing_ = false;
  sort(sync_until_, out);
  for (const auto& it : std::exchange(doubted_, {}))
    while (is_in_doubt(it)) run_anyway(it.lane, out);
  std::erase_if(in_doubt_, [this](const doubt& it) { return !is_in_doubt(it); });
  return out;
}

bool event_order::is_in_doubt(const doubt& it) const {
  const auto found = lanes_.find(it.lane);
  return found != lanes_.end() && found->second.awaits == it.awaited && !coming_up_.contains(it.awaited);
}

void event_order::sort(time_point latest, events& out) {
  const auto later = std::ranges::stable_partition(unsorted_, [&](const arrival& a) { return a.at <= latest; });
  std::vector<arrival> sorted(std::make_move_iterator(unsorted_.begin()), std::make_move_iterator(later.begin()));
  unsorted_.erase(unsorted_.begin(), later.begin());
  std::ranges::stable_sort(sorted, {}, &arrival::at);
  for (const auto& each : sorted)
    if (const auto* joined = as<member_joined>(each.what)) members_[id_of(*joined)].push_back(joined->channel);
  for (auto& each : sorted) enter(std::move(each.what), each.came, out);
}

void event_order::enter(event what, time_point came, events& out) {
  const auto name = lane_of(what);
  if (!lanes_.contains(name) && !is_occupied(what) && !awaited_by(what, nullptr)) {
    pass(std::move(what), out);
  } else {
    auto& in = lanes_[name];
    if (const auto* up = as<connection_up>(what)) coming_up_.emplace(up->who->id, name);
    if (as<member_left>(what)) ++in.lefts;
    in.entries.push_back({std::move(what), came});
    ++in_lanes_;
    if (!in.awaits) run(name, force::no, out);
    else if (in.lefts != 0) hurry(client_id{*in.awaits}, out);
  }
  run_woken(out);
}

event_order::events event_order::release_before(time_point latest) {
  events out;
  time_point until = time_point::min();
  for (const auto& each : unsorted_)
    if (each.came <= latest) until = std::max(until, each.at);
  sort(until, out);
  const auto is_late = [&](const lane& in) { return in.entries.front().came <= latest; };
  std::vector<std::string> late;
  for (const auto& [name, in] : lanes_)
    if (is_late(in)) late.push_back(name);
  for (const auto& name : late)
    for (auto found = lanes_.find(name); found != lanes_.end() && is_late(found->second); found = lanes_.find(name))
      run_anyway(name, out);
  return out;
}

void event_order::run(const std::string& name, force first, events& out) {
  const auto found = lanes_.find(name);
  if (found == lanes_.end()) return;
  auto& in = found->second;
  if (const auto who = std::exchange(in.awaits, std::nullopt); who && first == force::yes)
    if (const auto by = blocked_.find(*who); by != blocked_.end() && std::erase(by->second, name) != 0 && by->second.empty())
      blocked_.erase(by);
  while (!in.entries.empty()) {
    if (std::exchange(first, force::no) == force::no) {
      if (in.entries.size() == 1 && is_occupied(in.entries.front().what)) return;
      if (const auto who = awaited_by(in)) return block(name, in, *who, out);
    }
    auto next = std::move(in.entries.front().what);
    in.entries.pop_front();
    --in_lanes_;
    if (as<member_left>(next)) --in.lefts;
    pass(std::move(next), out);
  }
  lanes_.erase(found);
}

void event_order::block(const std::string& name, lane& in, const client_id& by, events& out) {
  in.awaits = by;
  blocked_[by].push_back(name);
  if (!as<connection_down>(in.entries.front().what) && !coming_up_.contains(by)) in_doubt_.push_back({name, by});
  if (in.lefts != 0) hurry(by, out);
}

void event_order::run_anyway(const std::string& name, events& out) {
  run(name, force::yes, out);
  run_woken(out);
}

void event_order::run_woken(events& out) {
  while (!woken_.empty()) {
    const auto name = std::move(woken_.front());
    woken_.pop_front();
    run(name, force::no, out);
  }
}

void event_order::pass(event what, events& out) {
  if (const auto* up = as<connection_up>(what)) {
    up_.insert(up->who->id);
    coming_up_.erase(up->who->id);
    wake(up->who->id);
  } else if (const auto* down = as<connection_down>(what)) {
    up_.erase(down->who->id);
    members_.erase(down->who->id);
  } else if (const auto* left = as<member_left>(what)) {
    leave(id_of(*left), left->channel);
  } else if (const auto* vacated = as<channel_vacated>(what); vacated && vacated->why == channel_vacated::cause::failed) {
    leave_all(vacated->channel);
  }
  out.push_back(std::move(what));
}

void event_order::leave(const client_id& who, const std::string& channel) {
  const auto found = members_.find(who);
  if (found == members_.end()) return;
  auto& in = found->second;
  if (const auto at = std::ranges::find(in, channel); at != in.end()) in.erase(at);
  if (!in.empty()) return;
  members_.erase(found);
  wake(who);
}

void event_order::leave_all(const std::string& channel) {
  std::vector<client_id> left;
  for (const auto& [who, in] : members_)
    if (std::ranges::find(in, channel) != in.end()) left.push_back(who);
  for (const auto& who : left) leave(who, channel);
}

void event_order::wake(const client_id& who) {
  const auto lanes = blocked_.extract(who);
  if (lanes.empty()) return;
  for (auto& name : lanes.mapped()) woken_.push_back(std::move(name));
}

void event_order::hurry(const client_id& who, events& out) {
  const auto waiting = coming_up_.extract(who);
  if (waiting.empty()) return;
  auto& in = lanes_.at(waiting.mapped());
  const auto is_its_up = [&](const entry& e) {
    const auto* up = as<connection_up>(e.what);
    return up && up->who->id == who;
  };
  const auto found = std::ranges::find_if(in.entries, is_its_up);
  auto up = std::move(found->what);
  in.entries.erase(found);
  --in_lanes_;
  pass(std::move(up), out);
}

} // namespace troupe::centrifuge
