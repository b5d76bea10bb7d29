// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The values in packets, between the domain's types and packet.proto's. What cannot be is thrown as `malformed`.
#pragma once
#include <troupe/cluster/packet.hpp>

#include <packet.pb.h>

#include <cstdint>

namespace troupe::net::cluster::values {

/// A value that no node sends.
struct malformed {};

void write(const troupe::centrifuge::payload& from, wire::Payload& to);
void write(const troupe::centrifuge::client_info& from, wire::Info& to);
void write(const troupe::centrifuge::stream_position& from, wire::Position& to);
void write(const troupe::centrifuge::publication& from, wire::Publication& to);
void write(const target& from, wire::Target& to);
void write(const broadcast& from, wire::Broadcast& to);
std::uint64_t number_of(connection_handle from) noexcept;

troupe::centrifuge::payload read(wire::Payload& from);
troupe::centrifuge::client_info read(wire::Info& from);
troupe::centrifuge::stream_position read(wire::Position& from);
troupe::centrifuge::publication_ptr read(wire::Publication& from);
target read(const wire::Target& from);
broadcast read(const wire::Broadcast& from);
connection_handle handle_of(std::uint64_t number) noexcept;

template <class List>
void write_tags(const troupe::centrifuge::tag_map& from, List& to) {
  for (const auto& [key, value] : from) {
    auto& tag = *to.Add();
    tag.set_key(key);
    tag.set_value(value);
  }
}
template <class List>
troupe::centrifuge::tag_map read_tags(List& from) {
  troupe::centrifuge::tag_map to;
  for (auto& tag : from) to.emplace(std::move(*tag.mutable_key()), std::move(*tag.mutable_value()));
  return to;
}

/// An enumerator up to `last`.
template <class Enum>
Enum enumerator(std::uint32_t number, Enum last) {
  if (number > static_cast<std::uint32_t>(last)) throw malformed{};
  return static_cast<Enum>(number);
}

} // namespace troupe::net::cluster::values
