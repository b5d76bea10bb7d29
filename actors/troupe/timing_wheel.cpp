// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/timing_wheel.hpp>

#include <algorithm>

namespace troupe {

void timer::cancel() noexcept {
  if (!wheel_) return;
  *link_ = next_;
  if (next_) next_->link_ = link_;
  --wheel_->armed_;
  next_ = nullptr;
  link_ = nullptr;
  wheel_ = nullptr;
}

timing_wheel::timing_wheel(clock::time_point now) noexcept : start_(now) {}

void timing_wheel::insert(timer*& head, timer& t) noexcept {
  t.next_ = head;
  t.link_ = &head;
  if (head) head->link_ = &t.next_;
  head = &t;
}

void timing_wheel::arm(timer& t, clock::time_point deadline) noexcept {
  t.cancel();
  const auto offset = std::max(deadline - start_, clock::duration::zero());
  const auto rounded_up = static_cast<std::uint64_t>((offset + tick - clock::duration{1}) / tick);
  t.due_ = std::max(rounded_up, now_ + 1);
  t.wheel_ = this;
  insert(heads_[t.due_ % slots], t);
  ++armed_;
  next_ = std::min(next_, t.due_);
}

void timing_wheel::advance(clock::time_point now) {
  const auto target = static_cast<std::uint64_t>(std::max(now - start_, clock::duration::zero()) / tick);
  if (target <= now_) return;
  // Timers armed by callbacks get ticks after `target`, so each slot is visited at most once.
  const auto from = std::max(now_ + 1, next_);
  const auto last = std::min(target, from + slots - 1);
  now_ = target;
  timer* due = nullptr;
  for (auto tick_number = from; tick_number <= last && armed_ != 0; ++tick_number) {
    for (auto* t = heads_[tick_number % slots]; t;) {
      auto* following = t->next_;
      if (t->due_ <= target) {
        t->cancel();
        t->wheel_ = this; // stays cancellable until it fires
        ++armed_;
        insert(due, *t);
      }
      t = following;
    }
    while (due) {
      auto& t = *due;
      t.cancel();
      t.fire_(t.owner_);
    }
  }
  next_ = armed_ == 0 ? never : next_occupied_after(target);
}

std::uint64_t timing_wheel::next_occupied_after(std::uint64_t tick_number) const noexcept {
  for (auto n = tick_number + 1; n <= tick_number + slots; ++n)
    if (heads_[n % slots]) return n;
  return never;
}

timing_wheel::clock::time_point timing_wheel::time_of(std::uint64_t tick_number) const noexcept {
  return start_ + tick_number * tick;
}

std::optional<timing_wheel::clock::time_point> timing_wheel::next() const noexcept {
  if (armed_ == 0 || next_ == never) return std::nullopt;
  return time_of(next_);
}

} // namespace troupe
