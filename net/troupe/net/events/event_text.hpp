// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Events as receivers see them: JSON objects, as docs/webhooks.md describes them. Pure functions.
#pragma once
#include <troupe/centrifuge/channel_lifecycle.hpp>
#include <troupe/lifecycle.hpp>
#include <troupe/net/events/journal.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::net::events {

/// What an event has beside what happened.
struct event_number {
  std::string_view run;       ///< Of the server's process; with the sequence it names the event.
  std::uint64_t sequence = 0; ///< In the journal.
};

/// Nothing if receivers are not told of such an event.
std::optional<journal::entry> entry_of(const connection_event& what, const event_number& number);
journal::entry entry_of(const troupe::centrifuge::channel_change& what, const event_number& number);

/// The down of a connection that was open when its server died. @param up Text of its up.
journal::entry lost_entry(const std::string& connection, const std::string& up,
                          std::chrono::system_clock::time_point now, const event_number& number);

/// The body of a delivery.
std::string delivery_body(std::string_view node, const std::vector<std::string>& events);

} // namespace troupe::net::events
