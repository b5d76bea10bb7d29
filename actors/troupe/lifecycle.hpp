// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LIFECYCLE: the facts of every connection's life, as its shard reports them to observers: one up, one
// down, in this order, also if its actor crashes or is killed. The up says who it is: one that has to
// connect by a protocol or a token is up when that is done, and if it never is, it gives one refused in
// place of both.
#pragma once
#include <troupe/close_reason.hpp>
#include <troupe/connection_profile.hpp>

#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstdint>
#include <variant>
#include <vector>

namespace troupe {

/// It is a client from now on.
struct connection_up {
  connection_profile_ptr who;
  std::chrono::system_clock::time_point when;
};

/// It became another user; only seen by observers of its up or of this.
struct connection_changed {
  connection_profile_ptr who; ///< From now on.
  std::chrono::system_clock::time_point when;
};

/// What a connection had come to when it ended. Zeros where it died before it could tell.
struct closing_figures {
  std::chrono::nanoseconds uptime{0};
  std::uint64_t queue_bytes = 0;   ///< Not sent.
  std::uint64_t queue_messages = 0;
  std::chrono::nanoseconds rtt{0}; ///< The last one measured; 0 if none was.
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t dropped = 0;
};

/// It is gone.
struct connection_down {
  connection_profile_ptr who;
  std::chrono::system_clock::time_point when;
  close_record how;
  closing_figures figures;
};

/// It ended without ever having been up.
struct connection_refused {
  connection_down end;
};

/// One of these facts.
using connection_event =
  std::variant<connection_up, connection_changed, connection_down, connection_refused>;

struct connection_events;
/// Observer to shard or hub: it has dealt with its batch, the next one may come.
struct noted {};

/// OBSERVER: whoever wants to know of connections. Register it with `observe` at the registry. One that
/// ends is forgotten.
using connection_observer = caf::typed_actor<caf::replies_to<connection_events>::with<noted>>;

/// Shard to observer: what happened since the batch before. Answered with `noted`; until then the shard
/// sends no more. Of each shard the batches come in order; between shards there is none, but their times tell it.
struct connection_events {
  using event = connection_event;
  using observer = connection_observer;

  std::uint16_t shard = 0;
  /// Events between the batch before and this one that were lost, because the observer was more than
  /// shard_options::observers.max_lag behind.
  std::uint64_t missed = 0;
  std::uint64_t missed_downs = 0;       ///< Of these.
  std::uint64_t missed_refusals = 0;    ///< Of these, too.
  std::vector<connection_event> events; ///< At most shard_options::observers.batch.
  std::vector<std::chrono::steady_clock::time_point> times; ///< When each of these happened, by index.

  void begin(std::uint16_t source) noexcept { shard = source; }
  void lose(const connection_event& what) noexcept {
    ++missed;
    if (std::holds_alternative<connection_down>(what)) ++missed_downs;
    if (std::holds_alternative<connection_refused>(what)) ++missed_refusals;
  }
};

/// To the registry: reports what happens from now on to `who`. Observing twice is observing once. The
/// answer, a receipt, is sent once every shard reports; `matched` is the number of connections that are
/// up at that time, of which an observer sees no up but a down.
struct observe {
  connection_observer who;
};
/// To the registry: no batch follows the answer.
struct unobserve {
  connection_observer who;
};

/// To the registry, and on to the shards: answered with `noted` once this observer has noted all that they could tell
/// when they were asked.
struct sync_connections {
  connection_observer who;
};

} // namespace troupe
