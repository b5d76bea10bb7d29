// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include "bench/url.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::app::bench {

/// What the load consists of.
enum class load_mode : std::uint8_t {
  broadcast, ///< Messages sent by a few connections, delivered by the server to all of them.
  idle,      ///< Connections that only answer pings.
  churn,     ///< Connections that open and close without end.
};

/// What the messages look like.
enum class load_protocol : std::uint8_t {
  raw,        ///< The payload and nothing else.
  centrifuge, ///< JSON of the Centrifuge protocol: all are subscribed to one channel and publish there.
};

/// Whether permessage-deflate (RFC 7692) is asked for. What the load sends is never compressed.
enum class compression : std::uint8_t { off, on };

enum class report_format : std::uint8_t { table, json };

/// Messages kept in flight in a closed loop never exceed this; an open loop waits at it.
inline constexpr std::size_t max_in_flight = 1 << 16;

/// What a lazy connection lets come before it reads.
inline constexpr int lazy_read_bytes = 64 * 1024;

struct load_options {
  url target;
  load_mode mode = load_mode::broadcast;
  load_protocol protocol = load_protocol::raw;
  compression compressed = compression::off;
  std::string channel = "bench"; ///< Of load_protocol::centrifuge.
  std::size_t connections = 100;  ///< Open at the same time, slow ones included.
  std::size_t window = 1;         ///< Closed loop: messages in flight. Unused when rate is set.
  double rate = 0;                ///< Open loop: messages sent per second; 0 makes the loop closed.
  std::size_t payload_bytes = 64; ///< Of each message; at least stamp::size.
  std::size_t senders = 1;        ///< The first so many connections send, taking turns.
  std::size_t slow_connections = 0; ///< The last so many stop reading once they are open.
  std::size_t lazy_connections = 0; ///< So many before them read in pieces of lazy_read_bytes and are not waited for.
  bool echo = true;                 ///< Whether a sender receives its own messages.
  std::chrono::milliseconds warmup{
      1'000}; ///< Load that is not measured; in idle mode, time to settle.
  std::chrono::milliseconds duration{5'000}; ///< Of what is measured.
  std::uint64_t count = 0; ///< Messages to measure instead of a duration; 0 is none.
  std::chrono::milliseconds connect_timeout{60'000}; ///< Until all connections are open.
  std::size_t workers = 0; ///< Processes; 0: as few as the limit of open files allows.
  std::size_t sources = 0; ///< Loopback source addresses; 0: as many as the ports require.
  pid_t server = 0;        ///< Process whose CPU time and memory are measured; 0 is none.
  report_format format = report_format::table;
  bool progress = true; ///< A line on stderr while it runs.
};

} // namespace troupe::app::bench
