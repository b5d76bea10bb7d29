// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ROW: what can be known of one actor from outside, as it was a moment ago. A plain value: it stays valid
// when the actor is gone. The namespace is inspection, for CAF has a function called inspect.
#pragma once
#include <troupe/connection_profile.hpp>
#include <troupe/inspect/actor_kind.hpp>
#include <troupe/meters/handler_times.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <typeinfo>

namespace troupe::inspection {

/// Of kind connection.
struct connection_figures {
  std::uint64_t queue_bytes = 0;      ///< Data and control frames waiting to leave.
  std::uint64_t queue_peak_bytes = 0;
  std::uint32_t queue_messages = 0;
  std::chrono::nanoseconds oldest_queued{0}; ///< Age of the oldest message waiting; 0 if none.
  std::uint64_t dropped = 0;          ///< Messages it did not get.
  std::uint64_t conflated = 0;        ///< Messages replaced by a later one of the same key.
  std::uint64_t bytes_in = 0;         ///< Payload.
  std::uint64_t bytes_out = 0;        ///< As on the wire.
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;     ///< Put into its queue.
  std::chrono::nanoseconds rtt{0};    ///< The last one measured; 0: none yet.
  std::chrono::nanoseconds rtt_min{0};
  std::chrono::nanoseconds rtt_max{0};
  std::uint32_t subscriptions = 0;
  std::chrono::nanoseconds idle{0};   ///< Since the client's last message, or since it opened.
};

/// Of kind channel.
struct channel_figures {
  std::uint32_t subscribers = 0;
  std::uint64_t publications = 0; ///< Since the channel was spawned.
  std::uint64_t bytes_in = 0;     ///< Of these.
  std::uint64_t offset = 0;       ///< Of its stream; 0 without history.
  std::uint32_t history = 0;      ///< Publications kept.
  std::uint64_t pending_bytes = 0; ///< Published and not fanned out yet.
};

/// Which thread runs an actor.
enum class place : std::uint8_t {
  loop,
  elsewhere, ///< CAF's scheduler, or a thread of its own.
};

struct row {
  std::uint64_t id = 0;         ///< caf::actor_id: unique in this process, never used twice.
  actor_kind kind = actor_kind::custom;
  place where = place::loop;
  std::uint16_t loop = 0;       ///< Index of the loop it lives on, or among whose actors it is told.
  const char* name = "";        ///< Its type, such as "connection". Lives for ever.
  std::string title;            ///< A channel's name, or what a custom actor calls itself.
  connection_profile_ptr who;   ///< Of a connection that has joined; else null.
  std::chrono::nanoseconds age{0};
  std::uint64_t handled = 0;    ///< Messages.
  std::uint64_t errors = 0;     ///< Messages whose handler threw.
  std::uint32_t mailbox = 0;    ///< Messages waiting.
  std::uint32_t mailbox_peak = 0;
  std::chrono::nanoseconds busy{0}; ///< In handlers.
  meters::handler_times times;
  const std::type_info* last_message = nullptr; ///< Null before the first.
  connection_figures connection;
  channel_figures channel;

  /// The type of the last message as in its header, such as "troupe::deliver"; empty before the first.
  [[nodiscard]] std::string last_message_name() const;
};

} // namespace troupe::inspection
