// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// OBSERVER LOG: the events of one source that some observer has not got yet. All observers share it, each with
// its own position in it.
// Thread: its source's. Bounded by: max_lag events; older ones are lost to those who lag, and counted.
#pragma once
#include <troupe/lifecycle.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

struct observer_bounds {
  std::size_t max_lag = 128 * 1024; ///< Events kept.
  std::size_t batch = 512;          ///< Events in one batch.
};

/// @tparam Batch Has the types `event` and `observer` and the members `events` and `times`, learns its source by
/// begin(source), and counts an event that was lost before it by lose(event).
template <class Batch>
class observer_log {
public:
  using event = typename Batch::event;
  using observer = typename Batch::observer;
  using bounds = observer_bounds;

  explicit observer_log(bounds limits) : limits_(limits) {}

  /// Observes from now on. @returns false if it does already.
  bool add(observer who) {
    const auto known = std::ranges::any_of(observers_, [&](const entry& o) { return o.who == who; });
    if (!known) observers_.push_back({std::move(who), position(), position(), position()});
    return !known;
  }
  /// @returns false if it is no observer.
  bool remove(caf::actor_id who) {
    const auto removed = std::erase_if(observers_, [&](const entry& o) { return o.who.id() == who; });
    trim();
    settle_syncs();
    return removed != 0;
  }
  [[nodiscard]] bool observed() const noexcept { return !observers_.empty(); }

  /// Does nothing while nobody observes.
  void append(event what, std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now()) {
    if (observers_.empty()) return;
    events_.push_back({std::move(what), at});
    if (events_.size() > limits_.max_lag) drop_oldest();
  }

  /// Calls `send(observer, batch)` for everyone who is due one: who has noted the batch before and has not got
  /// all. `source` is told in the batches.
  template <class F>
  void send_due(std::uint16_t source, F send) {
    for (auto& o : observers_) {
      if (o.waiting) continue;
      if (auto batch = next(o, source)) {
        o.waiting = true;
        send(o.who, std::move(*batch));
      }
    }
    trim();
  }
  /// Sends everyone what is left, noted or not.
  template <class F>
  void send_all(std::uint16_t source, F send) {
    for (auto& o : observers_)
      while (auto batch = next(o, source)) send(o.who, std::move(*batch));
    trim();
  }
  /// An observer has noted its batch.
  void noted(caf::actor_id who) {
    for (auto& o : observers_)
      if (o.who.id() == who) {
        o.waiting = false;
        o.noted = o.sent;
      }
    settle_syncs();
  }
  /// Answers once an observer has noted all that has been appended by now, or is none any more.
  void sync(caf::actor_id who, caf::typed_response_promise<troupe::noted> answer) {
    syncs_.push_back({who, position(), std::move(answer)});
    settle_syncs();
  }

  [[nodiscard]] std::size_t size() const noexcept { return events_.size(); }

private:
  struct happened {
    event what;
    std::chrono::steady_clock::time_point at;
  };
  struct open_sync {
    caf::actor_id who;
    std::uint64_t position; // that it is to have noted
    caf::typed_response_promise<troupe::noted> answer;
  };
  struct entry {
    observer who;
    std::uint64_t next = 0;  // number of the event it gets next
    std::uint64_t sent = 0;  // likewise, when it got its last batch
    std::uint64_t noted = 0; // likewise, when it noted one
    bool waiting = false;   // for it to note a batch
    Batch lost = {};        // since its last batch
  };

  std::optional<Batch> next(entry& o, std::uint16_t source) {
    const auto from = static_cast<std::size_t>(o.next - first_);
    if (from == events_.size()) return std::nullopt;
    const auto n = std::min(limits_.batch, events_.size() - from);
    o.next += n;
    o.sent = o.next;
    auto batch = std::exchange(o.lost, {});
    batch.begin(source);
    batch.events.reserve(n);
    batch.times.reserve(n);
    for (auto i = from; i < from + n; ++i) {
      batch.events.push_back(events_[i].what);
      batch.times.push_back(events_[i].at);
    }
    return batch;
  }

  void drop_oldest() {
    for (auto& o : observers_) {
      if (o.next != first_) continue;
      ++o.next;
      o.lost.lose(events_.front().what);
    }
    events_.pop_front();
    ++first_;
  }

  void trim() {
    auto needed = first_ + events_.size();
    for (const auto& o : observers_) needed = std::min(needed, o.next);
    for (; first_ < needed; ++first_) events_.pop_front();
  }

  // Of the event that is appended next.
  [[nodiscard]] std::uint64_t position() const noexcept { return first_ + events_.size(); }

  void settle_syncs() {
    std::erase_if(syncs_, [this](open_sync& s) {
      const auto lags = [&](const entry& o) { return o.who.id() == s.who && o.noted < s.position; };
      if (std::ranges::any_of(observers_, lags)) return false;
      s.answer.deliver(troupe::noted{});
      return true;
    });
  }

  bounds limits_;
  std::vector<entry> observers_;
  std::vector<open_sync> syncs_; // of observers, one each at a time
  std::deque<happened> events_;
  std::uint64_t first_ = 0; // number of the front of events_
};

} // namespace troupe
