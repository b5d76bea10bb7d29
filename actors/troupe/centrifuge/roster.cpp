// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/roster.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace troupe::centrifuge {

roster_actor::behavior_type roster_state::make_behavior(const roster_options& options) {
  options_ = options;
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  return {[this](const enlist& m) { return on_enlist(m); }};
}

enlisted roster_state::on_enlist(const enlist& m) {
  auto who = caf::actor_cast<connection_actor>(self_->current_sender());
  auto& others = by_user_[m.user];
  if (options_.max_connections != 0 && others.size() >= options_.max_connections) {
    if (options_.when_full == roster_options::surplus::refuse) return {admission::refused};
    for (const auto& old : std::exchange(others, {})) {
      self_->demonitor(old.address());
      user_of_.erase(old.id());
      self_->send(old, close_connection{close_status::of(close_reason::connection_limit)});
    }
  }
  self_->monitor(who);
  user_of_.emplace(who.id(), m.user);
  others.push_back(std::move(who));
  return {admission::granted};
}

void roster_state::on_down(const caf::down_msg& m) {
  const auto gone = user_of_.extract(m.source.id());
  if (gone.empty()) return;
  const auto user = by_user_.find(gone.mapped());
  std::erase_if(user->second, [&](const auto& who) { return who.id() == m.source.id(); });
  if (user->second.empty()) by_user_.erase(user);
}

roster_actor::behavior_type roster(roster_state::pointer self, roster_options options) {
  return self->state.make_behavior(options);
}

const roster_actor& roster_of(std::string_view user, std::span<const roster_actor> rosters) {
  return rosters[std::hash<std::string_view>{}(user) % rosters.size()];
}

} // namespace troupe::centrifuge
