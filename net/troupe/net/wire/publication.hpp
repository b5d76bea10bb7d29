// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Publications and what is in them, between the domain's types and publication.proto's. read() takes what it reads apart.
// Thread: any.
#pragma once
#include <troupe/centrifuge/publication.hpp>

#include <troupe/net/wire/publication.pb.h>

#include <string>
#include <utility>

namespace troupe::net::wire {

void write(const troupe::centrifuge::payload& from, Payload& to);
void write(const troupe::centrifuge::client_info& from, Publisher& to);
/// All of it but its offset and epoch.
void write(const troupe::centrifuge::publication& from, Record& to);

troupe::centrifuge::payload read(Payload& from);
troupe::centrifuge::client_info read(Publisher& from);
/// Without offset and epoch.
troupe::centrifuge::publication read(Record& from);

/// `List` is a repeated Tag.
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

} // namespace troupe::net::wire
