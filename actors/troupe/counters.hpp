// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// COUNTERS: what a loop has seen. One writer, the loop's thread; any thread may read at any time and
// gets each figure as it was a moment ago, without asking or stopping anyone.
#pragma once
#include <troupe/close_reason.hpp>

#include <array>
#include <atomic>
#include <cstdint>

namespace troupe {

/// A figure with one writing thread: an increment is two plain moves, not a locked instruction.
class counter {
public:
  /// On the writing thread.
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  /// Likewise.
  void subtract(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  /// On any thread.
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one loop has seen, in all. Written by its thread, read by any.
struct loop_counters {
  counter connections;         ///< Registered now.
  counter opened;              ///< Registered since the start.
  counter closed;              ///< Down messages since the start; opened - closed = connections.
  std::array<counter, close_reasons.size()> closed_by_reason;
  counter messages_in;         ///< Whole messages received from clients.
  counter bytes_in;            ///< Payload bytes of messages_in.
  counter messages_queued;     ///< Messages put into outboxes.
  counter messages_dropped;    ///< Messages lost to a policy, or because the connection was closing.
  counter messages_conflated;  ///< Messages replaced by a later one of the same key.
  counter bytes_out;           ///< Bytes the kernel took from outboxes.
  counter queued_bytes;        ///< In outboxes now.
  counter reads_paused;        ///< Times a reader waited for credit, or for its pace.
  counter broadcasts;          ///< Messages the shard fanned out.
  counter broadcasts_refused;  ///< In-process broadcasts beyond the registry's bound.
  counter relays_dropped;      ///< Messages that did not go to other nodes, since too much was on its way there.
  counter channels;            ///< Alive now.
  counter channels_occupied;   ///< Those of them that have subscribers.
  counter subscriptions;       ///< Of all their subscribers, now.
  counter channels_failed;     ///< Ended by an error; their subscribers were told.
  counter channels_refused;    ///< Not spawned, for the hub's bound.
  counter streams_moved;       ///< Histories of channels that were handed to the nodes they belong to now.
  counter streams_lost;        ///< Those that could not be.
  counter publications;        ///< Published in channels.
  counter publications_refused; ///< Beyond a channel's bound.
  counter refused;             ///< Sockets answered 503 or 429 for a connection limit.
  counter accept_errors;       ///< Failures of accept(), such as too few descriptors.
  counter extension_requests;  ///< Messages and other requests for actors of extensions.
  counter extension_failures;  ///< Of those: lost with an actor that failed, or not answered in time.
  counter extension_overflows; ///< Of those: beyond the bound of their keeper.
  counter extension_restarts;  ///< Actors of extensions that failed and are started again.
  counter users;               ///< Who have an actor of their own, now.
  counter users_refused;       ///< Got none, for the bound of hooks::user_hook.
  counter loop_holds;          ///< Times an actor held the loop for 10 ms or more.
};

} // namespace troupe
