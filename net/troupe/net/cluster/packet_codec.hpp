// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Packets between nodes as bytes, by packet.proto. Thread: any.
#pragma once
#include <troupe/cluster/packet.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace troupe::net::cluster {

std::string encode(const troupe::cluster::packet& what);
/// @returns nothing for bytes that are no packet. One with a value that no node of this version sends is unheard_of.
std::optional<troupe::cluster::packet> decode_packet(std::string_view bytes);

std::string encode(const troupe::cluster::beat& what);
std::optional<troupe::cluster::beat> decode_beat(std::string_view bytes);

} // namespace troupe::net::cluster
