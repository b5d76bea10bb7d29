// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/fan_outs.hpp>

namespace troupe::centrifuge {

namespace {

const char* name_of(channel_event::kind what) noexcept {
  switch (what) {
    case channel_event::kind::published: return "published";
    case channel_event::kind::joined: return "joined";
    case channel_event::kind::left: return "left";
    case channel_event::kind::lost: return "lost";
  }
  return "";
}

} // namespace

fan_outs::~fan_outs() {
  for (auto& [sequence, event] : open_) event.told(false);
}

void fan_outs::open(std::uint64_t sequence, std::size_t missing, std::size_t bytes, answer told) {
  bytes_ += bytes;
  open_.emplace(sequence, under_way{missing, bytes, std::move(told)});
}

void fan_outs::arrived(std::uint64_t sequence) {
  const auto found = open_.find(sequence); // for some nobody waits
  if (found == open_.end() || --found->second.missing != 0) return;
  bytes_ -= found->second.bytes;
  found->second.told(true);
  open_.erase(found);
  on_end_();
}

std::size_t fan_outs::to_shards(const channel_event_ptr& event, const std::vector<std::size_t>& subscribers) {
  auto& home = self_->home();
  if (auto* traces = home.tracer())
    traces->see({.to = tracing::direction::out, .actor = self_->id(), .kind = inspection::actor_kind::channel,
                 .who = self_->meter()->who(), .what = name_of(event->what),
                 .payload = event->publication ? std::string_view{event->publication->data.bytes} : std::string_view{}});
  if (home.sampler().due(home.now()))
    for (const auto& forms : event->encoded)
      for (const auto& what : forms)
        if (what) what->sample(home.real_now());
  std::size_t asked = 0;
  for (std::size_t i = 0; i < subscribers.size(); ++i) {
    if (subscribers[i] == 0) continue;
    ++asked;
    to(shards_[i], event->sequence, fan_out_event{event});
  }
  return asked;
}

} // namespace troupe::centrifuge
