// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Who observes the channels of a hub, and what they get.
#include <troupe/centrifuge/hub.hpp>

#include <caf/send.hpp>

#include <utility>

namespace troupe::centrifuge {

void hub_state::on_observe(const observe_channels& m) {
  const bool first = !changes_.observed();
  if (!changes_.add(m.who)) return;
  self_->monitor(m.who);
  if (!first) return;
  for (const auto& [channel, at] : channels_) self_->send(at.who, tell_changes{});
}

void hub_state::on_unobserve(const unobserve_channels& m) {
  self_->demonitor(m.who.address());
  changes_.remove(m.who.id());
}

caf::typed_response_promise<noted> hub_state::on_sync(const sync_changes& m) {
  auto promise = self_->make_response_promise<noted>();
  changes_.sync(m.who.id(), promise);
  return promise;
}

void hub_state::on_changed(const channel_changed& m) {
  const auto note = [this](const std::string& channel, bool occupied) {
    if (const auto found = channels_.find(channel); found != channels_.end())
      found->second.occupied = occupied;
  };
  if (const auto* joined = std::get_if<member_joined>(&m.what)) note(joined->channel, true);
  if (const auto* vacated = std::get_if<channel_vacated>(&m.what)) note(vacated->channel, false);
  report(m.what, m.at);
}

void hub_state::report(channel_change what, std::chrono::steady_clock::time_point at) {
  if (!changes_.observed()) return;
  changes_.append(std::move(what), at);
  send_changes();
}

void hub_state::send_changes() {
  const auto source = static_cast<std::uint16_t>(self_->home().index());
  changes_.send_due(source, [this](const channel_observer& who, channel_changes batch) {
    self_->request(who, caf::infinite, std::move(batch))
      .then([this, id = who.id()](const noted&) {
              changes_.noted(id);
              send_changes();
            },
            [this, id = who.id()](const caf::error&) { changes_.remove(id); });
  });
}

void hub_state::tell_all() {
  const auto source = static_cast<std::uint16_t>(self_->home().index());
  changes_.send_all(source, [](const channel_observer& who, channel_changes batch) {
    caf::anon_send(who, std::move(batch));
  });
}

} // namespace troupe::centrifuge
