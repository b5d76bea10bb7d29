// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a COURIER has seen. One writer, any number of readers.
#pragma once
#include <troupe/counters.hpp>
#include <troupe/meters/figure.hpp>
#include <troupe/meters/latency.hpp>

namespace troupe::net::events {

/// Of one courier, since the start of the server.
struct counters {
  counter journaled;   ///< Events written to the journal.
  counter delivered;   ///< Events acknowledged by the receiver.
  counter lost;        ///< Events that went from the journal unacknowledged, for its bound.
  counter missed;      ///< Events the courier never saw, since it was too far behind.
  counter recovered;   ///< Connections of a server that had died, told at the start.
  counter deliveries;  ///< Requests sent, those that failed included.
  counter failures;    ///< Of those.
  counter write_errors; ///< Times the disk did not take events; they are written later.
  meters::figure<std::uint64_t> waiting;       ///< Events not acknowledged yet.
  meters::figure<std::uint64_t> journal_bytes; ///< Of its files.
  meters::latency times; ///< Of deliveries that succeeded.
};

} // namespace troupe::net::events
