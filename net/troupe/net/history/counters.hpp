// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a HISTORY STORE has seen. One writer, any number of readers.
#pragma once
#include <troupe/counters.hpp>
#include <troupe/meters/figure.hpp>
#include <troupe/meters/latency.hpp>

namespace troupe::net::history {

/// Of one store, since the start of the server.
struct counters {
  counter opened;       ///< Streams that were read, or begun.
  counter kept;         ///< Publications that are on disk, or were.
  counter failed;       ///< Publications that could not be kept, and were refused.
  counter commits;      ///< Times that what had come was written.
  counter damaged;      ///< Streams, and whole databases, that were given up.
  meters::figure<std::uint32_t> failing; ///< 1 while the last try to write has failed.
  meters::figure<std::uint64_t> bytes;   ///< Of the database.
  meters::latency times; ///< Of commits, in the medium's time if it is synced.
};

} // namespace troupe::net::history
