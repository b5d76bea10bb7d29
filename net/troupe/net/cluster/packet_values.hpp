// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The values in packets, between the domain's types and packet.proto's. What cannot be is thrown as `malformed`.
#pragma once
#include <troupe/cluster/packet.hpp>

#include <troupe/net/cluster/packet.pb.h>
#include <troupe/net/wire/publication.hpp>

#include <cstdint>

namespace troupe::net::cluster::values {

/// A value that no node of this version sends.
struct malformed {};

using net::wire::read;
using net::wire::write;

void write(const troupe::centrifuge::stream_position& from, packets::Position& to);
void write(const troupe::centrifuge::publication& from, packets::Publication& to);
void write(const target& from, packets::Target& to);
void write(const broadcast& from, packets::Broadcast& to);
std::uint64_t number_of(connection_handle from) noexcept;

troupe::centrifuge::stream_position read(packets::Position& from);
troupe::centrifuge::publication_ptr read(packets::Publication& from);
target read(const packets::Target& from);
broadcast read(const packets::Broadcast& from);
connection_handle handle_of(std::uint64_t number) noexcept;

/// An enumerator up to `last`.
template <class Enum>
Enum enumerator(std::uint32_t number, Enum last) {
  if (number > static_cast<std::uint32_t>(last)) throw malformed{};
  return static_cast<Enum>(number);
}

} // namespace troupe::net::cluster::values
