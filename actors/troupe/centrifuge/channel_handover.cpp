// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A channel that belongs to another node from now on, or has done so before: its stream goes with it.
#include <troupe/centrifuge/channel.hpp>

#include <memory>
#include <utility>

namespace troupe::centrifuge {

// -- it comes ---------------------------------------------------------------------------------------

void channel_state::await_stream(const stream_source& from) {
  is_open_ = false;
  arrival_ = std::make_unique<stream_arrival>(
    self_, channel_, options_->history_size, [this](std::optional<kept_stream> as) { open(std::move(as)); }, [this] { arm(); });
  arrival_->begin(from);
  arm();
}

void channel_state::open(std::optional<kept_stream> as) {
  if (as) {
    const auto now = self_->home().now();
    version_ = as->version.number;
    version_epoch_ = as->version.epoch;
    version_stream_ = as->top.epoch;
    for (auto& [key, offset, age] : as->keys)
      if (!keys_.find(key, now - age))
        keys_.add(std::move(key), offset == 0 ? stream_position{} : stream_position{offset, as->top.epoch}, now - age);
    history_.emplace(options_->history(), random_epoch, *std::move(as), now);
  }
  is_open_ = true;
  for (auto& act : std::exchange(before_open_, {})) act(true);
  store_next();
  arm();
}

void channel_state::publish_later(publish_channel& m, const std::vector<watcher>& watchers,
                                  caf::typed_response_promise<publish_answered> promise) {
  const auto bytes = sizeof(publication) + m.data.bytes.size();
  const auto waits = when_open(promise, [this, m = std::move(m), watchers, promise, bytes]() mutable {
    fan_outs_->let_go(bytes);
    publish(m, watchers, promise);
  });
  if (waits) fan_outs_->hold(bytes);
}

stream_adopted channel_state::on_adopt(adopt_stream& m) {
  if (!is_open_ && arrival_) return arrival_->take(m);
  const bool has_begun = history_ && history_->offset() != 0;
  if (!is_open_ || has_begun || m.part.top.offset == 0) return {stream_adopted::outcome::refused};
  self_->send(hub_, channel_outdated{channel_}); // whoever is subscribed counts from another epoch
  return {stream_adopted::outcome::later};
}

// -- it goes ----------------------------------------------------------------------------------------

void channel_state::on_give_away(const give_away& m) {
  const bool was_closed = std::exchange(is_closed_, true);
  leaves_to_ = m.to;
  if (departure_) departure_->go_to(m.to);
  else if (!was_closed) self_->send(self_, depart{});
}

void channel_state::on_depart() {
  if (!leaves_to_) return self_->quit();
  if (!is_open_) { // behind those who wait
    before_open_.push_back([this](bool open) {
      if (open) on_depart();
    });
    return;
  }
  if (!history_) return self_->quit();
  const auto now = self_->home().now();
  auto all = history_->exported(now);
  if (version_stream_ == all.top.epoch) all.version = {version_, version_epoch_};
  all.keys = keys_.all(now);
  departure_ = std::make_unique<stream_departure>(self_, channel_, std::move(all), [this] { arm(); });
  departure_->go_to(leaves_to_);
  arm();
}

void channel_state::arm_departure() {
  if (departure_->is_over() && fan_outs_->empty()) { // who published here has been answered
    auto& counters = self_->home().counters();
    if (departure_->is_lost()) counters.streams_lost.add();
    else counters.streams_moved.add();
    return self_->quit();
  }
  if (const auto next = departure_->next()) self_->home().timers().arm(deadline_, *next);
  else deadline_.cancel();
}

} // namespace troupe::centrifuge
