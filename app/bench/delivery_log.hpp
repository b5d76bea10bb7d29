// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DELIVERY_LOG: what one worker's connections received. Knows of every message whether it arrived
// once, in order and everywhere. Thread: its worker's. Bounds: three words per connection and
// sender, max_in_flight counters.
#pragma once
#include "bench/histogram.hpp"
#include "bench/options.hpp"
#include "bench/sequence_tracker.hpp"
#include "bench/stamp.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace troupe::app::bench {

/// Messages of all senders in the order they are sent: senders take turns.
constexpr std::uint64_t message_number(std::uint64_t sequence, std::size_t sender,
                                       std::size_t senders) {
  return sequence * senders + sender;
}

class delivery_log {
public:
  /// Every message has arrived everywhere: there is nobody to wait for.
  static constexpr std::uint64_t everything = std::numeric_limits<std::uint64_t>::max();

  /// @param readers Connections of this worker that read; they are the first ones.
  /// @param prompt How many of them (again the first) messages are waited for and timed at; the rest only counts.
  /// @param local_senders How many of them (again the first) send.
  /// @param latency, on_arrival Must outlive the log.
  delivery_log(std::size_t readers, std::size_t prompt, std::size_t senders, std::size_t local_senders,
               bool echo, histogram& latency, histogram& on_arrival)
      : readers_{readers}, prompt_{prompt}, senders_{senders},
        local_senders_{local_senders}, echo_{echo}, latency_{latency}, on_arrival_{on_arrival}, trackers_(readers * senders),
        arrived_(prompt == 0 ? 0 : max_in_flight) {}

  /// When and amid what a message is read. Times are ns since the run began.
  struct reading {
    std::uint64_t now = 0;
    std::uint64_t arrived = 0; ///< When the kernel had it; 0: not known.
    std::uint64_t sent = 0;    ///< So many messages are out.
  };

  /// One message arrived at a connection.
  /// @returns false if it cannot be one of ours: it is none of those that are out.
  bool note(std::size_t connection, const stamp& message, const reading& when);

  /// Latencies count from this message on; those before are warm-up.
  void measure_from(std::uint64_t number) { measured_from_ = number; }

  /// Gives up waiting for messages below `number`. They still count when they arrive.
  void skip_to(std::uint64_t number);

  /// All messages below this number have arrived at all prompt readers, or were skipped.
  [[nodiscard]] std::uint64_t complete() const { return prompt_ == 0 ? everything : complete_; }

  [[nodiscard]] std::uint64_t lost(std::uint64_t sent) const;
  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; } ///< Duplicates included.
  [[nodiscard]] std::uint64_t duplicated() const { return duplicated_; }
  [[nodiscard]] std::uint64_t reordered() const { return reordered_; }

private:
  [[nodiscard]] std::size_t receivers_of(std::size_t sender) const {
    return prompt_ - (!echo_ && sender < local_senders_ ? 1 : 0);
  }
  std::uint32_t& arrived(std::uint64_t number) { return arrived_[number % max_in_flight]; }

  std::size_t readers_;
  std::size_t prompt_;
  std::size_t senders_;
  std::size_t local_senders_;
  bool echo_;
  histogram& latency_;
  histogram& on_arrival_;
  std::vector<sequence_tracker> trackers_; // connection by connection, sender by sender
  std::vector<std::uint32_t> arrived_;     // ring: prompt receivers reached, of messages from complete_ on
  std::uint64_t complete_ = 0;
  std::uint64_t measured_from_ = everything;
  std::uint64_t deliveries_ = 0;
  std::uint64_t duplicated_ = 0;
  std::uint64_t reordered_ = 0;
};

} // namespace troupe::app::bench
