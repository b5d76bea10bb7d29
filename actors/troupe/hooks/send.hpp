// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/delivery.hpp>
#include <troupe/hooks/messages.hpp>
#include <troupe/interfaces.hpp>

#include <caf/actor_cast.hpp>
#include <caf/make_counted.hpp>

#include <string>
#include <utility>

namespace troupe::hooks {

/// Sends a message to one connection, straight from an actor. What does not fit into its queue is dealt with
/// by `policy`; nobody waits. Thread: that of `self`.
/// @param who Of `visitor`. A connection that has ended takes nothing.
/// @param key For overflow::latest_per_key.
template <class Self>
void send_to(Self* self, const connection_actor& who, frame message,
             overflow policy = overflow::disconnect, std::string key = {}) {
  self->send(who, deliver{caf::make_counted<delivery>(target::everyone(), std::move(message),
                                                      connection_handle{}, policy, std::move(key))});
}

/// Sends data to one connection in what it speaks: to a client of the Centrifuge protocol as a push of type
/// `message`, to any other as a text message. Nobody waits; a client too slow to take it is closed. Thread:
/// that of `self`.
template <class Self>
void push_to(Self* self, const visitor& to, centrifuge::payload data) {
  if (speaks_plainly(to.over)) return send_to(self, to.who, frame::encode(opcode::text, data.bytes));
  self->send(caf::actor_cast<centrifuge::client_actor>(to.who), centrifuge::push_message{std::move(data)});
}

} // namespace troupe::hooks
