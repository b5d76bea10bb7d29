// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LIFECYCLE LOG: the events of one shard that some observer has not got yet. All observers share it,
// each with its own position in it.
// Thread: its shard's. Bounded by: max_lag events; older ones are lost to those who lag, and counted.
#pragma once
#include <troupe/lifecycle.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace troupe {

class lifecycle_log {
public:
  struct bounds {
    std::size_t max_lag = 128 * 1024; ///< Events kept.
    std::size_t batch = 512;          ///< Events in one batch.
  };

  explicit lifecycle_log(bounds limits) : limits_(limits) {}

  /// Observes from now on. @returns false if it does already.
  bool add(connection_observer who);
  /// @returns false if it is no observer.
  bool remove(caf::actor_id who);
  [[nodiscard]] bool observed() const noexcept { return !observers_.empty(); }

  /// Does nothing while nobody observes.
  void append(connection_event event);

  /// Calls `send(observer, batch)` for everyone who is due one: who has noted the batch before and has
  /// not got all. `shard` is told in the batches.
  template <class F>
  void send_due(std::uint16_t shard, F send) {
    for (auto& o : observers_) {
      if (o.waiting) continue;
      if (auto batch = next(o, shard)) {
        o.waiting = true;
        send(o.who, std::move(*batch));
      }
    }
    trim();
  }
  /// Sends everyone what is left, noted or not.
  template <class F>
  void send_all(std::uint16_t shard, F send) {
    for (auto& o : observers_)
      while (auto batch = next(o, shard)) send(o.who, std::move(*batch));
    trim();
  }
  /// An observer has noted its batch.
  void noted(caf::actor_id who);

  [[nodiscard]] std::size_t size() const noexcept { return events_.size(); }

private:
  struct observer {
    connection_observer who;
    std::uint64_t next = 0; // number of the event it gets next
    bool waiting = false;   // for it to note a batch
    std::uint64_t missed = 0; // since its last batch
    std::uint64_t missed_downs = 0;
    std::uint64_t missed_refusals = 0;
  };

  std::optional<connection_events> next(observer& o, std::uint16_t shard);
  void drop_oldest();
  void trim();

  bounds limits_;
  std::vector<observer> observers_;
  std::deque<connection_event> events_;
  std::uint64_t first_ = 0; // number of the front of events_
};

} // namespace troupe
