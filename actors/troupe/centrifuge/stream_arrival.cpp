// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/stream_arrival.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::centrifuge {

stream_arrival::stream_arrival(hosted_channel self, std::string channel, std::size_t most,
                               std::function<void(std::optional<kept_stream>)> came, std::function<void()> changed)
  : self_(self), channel_(std::move(channel)), most_(most), came_(std::move(came)), changed_(std::move(changed)),
    until_(self->home().now() + patience) {}

void stream_arrival::begin(const stream_source& from) {
  is_coming_ = from.is_coming;
  for (const auto& each : from.ask) ask(each);
}

void stream_arrival::ask(const giver_actor& whom) {
  ++asked_;
  self_->request(whom, caf::infinite, want_stream{channel_})
    .then([this, whom](const stream_sought& m) { on_answer(whom, m.settled); },
          [this, whom](const caf::error&) { on_answer(whom, true); }); // it is gone
}

void stream_arrival::on_answer(const giver_actor& whom, bool settled) {
  --asked_;
  if (!came_) return;
  if (!settled) {
    if (again_.empty()) again_at_ = self_->home().now() + pause;
    again_.push_back(whom);
    return changed_();
  }
  look();
}

void stream_arrival::look() {
  if (asked_ == 0 && again_.empty() && !is_coming_) end(std::nullopt);
}

stream_adopted stream_arrival::take(adopt_stream& m) {
  if (m.begins) stream_ = std::move(m.part);
  else if (!has_begun_) return {stream_adopted::outcome::later};
  else std::ranges::move(m.part.publications, std::back_inserter(stream_.publications));
  auto& all = stream_.publications;
  if (all.size() > most_) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(most_));
  is_coming_ = has_begun_ = true;
  until_ = self_->home().now() + patience;
  if (m.ends) end(std::move(stream_));
  return {};
}

stream_arrival::time_point stream_arrival::next() const noexcept { return again_.empty() ? until_ : std::min(until_, again_at_); }

void stream_arrival::go_on() {
  const auto now = self_->home().now();
  if (now >= until_) return end(std::nullopt);
  if (now < again_at_) return;
  for (const auto& each : std::exchange(again_, {})) ask(each);
}

void stream_arrival::end(std::optional<kept_stream> with) {
  again_.clear();
  if (auto came = std::exchange(came_, nullptr)) came(std::move(with));
}

} // namespace troupe::centrifuge
