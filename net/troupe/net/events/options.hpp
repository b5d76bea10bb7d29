// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Where events go, and how. docs/webhooks.md explains them.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace troupe::net::events {

/// Events of one server.
struct event_options {
  std::string endpoint;  ///< http or https URL that events are posted to; empty: there are none.
  std::string secret;    ///< What deliveries are signed with.
  std::string previous_secret; ///< They are signed with it too while receivers change over; empty: not.
  std::string directory; ///< Of the journal. One for each server.
  std::vector<std::string> about; ///< Of event_subjects; empty: all.
  std::chrono::milliseconds timeout{10'000};    ///< Of a delivery.
  std::size_t batch_events = 500;               ///< In a delivery.
  std::size_t batch_bytes = 256 * 1024;         ///< Of a delivery, unless one event is longer.
  std::chrono::milliseconds retry_first{500};   ///< Pause after a failure; it doubles,
  std::chrono::milliseconds retry_max{60'000};  ///< up to this.
  std::size_t journal_max_bytes = 256 * 1024 * 1024; ///< Then the oldest events are lost.
  std::chrono::milliseconds sync_interval{1'000};    ///< From a write to the disk's medium; 0: before it counts.
};

/// What `about` may name.
inline constexpr const char* event_subjects[] = {"connections", "channels", "members"};

} // namespace troupe::net::events
