// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/stream_departure.hpp>

#include <utility>

namespace troupe::centrifuge {

using outcome = stream_adopted::outcome;

stream_departure::stream_departure(hosted_channel self, std::string channel, kept_stream what, std::function<void()> changed)
  : self_(self), channel_(std::move(channel)), what_(std::move(what)), changed_(std::move(changed)),
    since_(self->home().now()) {}

void stream_departure::go_to(adopter_actor whom) {
  if (over_) return;
  to_ = std::move(whom);
  at_ = 0;
  ++attempt_;
  next_.reset();
  send();
}

void stream_departure::go_on() {
  if (next_ && !over_) go_to(to_);
}

void stream_departure::send() {
  const auto& all = what_.publications;
  auto end = at_;
  for (std::size_t bytes = 0; end != all.size() && bytes < part_bytes; ++end)
    bytes += sizeof(publication) + all[end]->data.bytes.size();
  adopt_stream next{.channel = channel_, .part = {.top = what_.top}, .begins = at_ == 0, .ends = end == all.size()};
  next.part.publications.assign(all.begin() + static_cast<std::ptrdiff_t>(at_), all.begin() + static_cast<std::ptrdiff_t>(end));
  if (next.begins) {
    const auto meanwhile = std::chrono::duration_cast<std::chrono::milliseconds>(self_->home().now() - since_);
    next.part.age = what_.age + meanwhile;
    next.part.version = what_.version;
    next.part.keys = what_.keys;
    for (auto& each : next.part.keys) each.age += meanwhile;
  }
  const auto answered = [this, end, attempt = attempt_](outcome how) {
    if (attempt == attempt_ && !over_) on_answer(how, end);
  };
  self_->request(to_, caf::infinite, std::move(next))
    .then([answered](const stream_adopted& m) { answered(m.how); },
          [answered](const caf::error&) { answered(outcome::later); }); // it is gone: there will be another one
}

void stream_departure::on_answer(outcome how, std::size_t end) {
  switch (how) {
    case outcome::done:
      at_ = end;
      if (at_ == what_.publications.size()) return this->end(false);
      return send();
    case outcome::refused: return this->end(what_.top.offset != 0);
    case outcome::later:
      const auto now = self_->home().now();
      if (now >= since_ + patience) return this->end(true);
      next_ = now + pause;
      changed_();
  }
}

void stream_departure::end(bool lost) {
  over_ = true;
  lost_ = lost;
  next_.reset();
  changed_();
}

} // namespace troupe::centrifuge
