// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <troupe/delivery.hpp>
#include <troupe/interfaces.hpp>

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

} // namespace troupe::hooks
