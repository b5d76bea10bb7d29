// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The Protobuf half of the codecs: length-prefixed messages in and out.
#pragma once
#include <troupe/centrifuge/command.hpp>
#include <troupe/centrifuge/reply.hpp>

#include <string>
#include <string_view>

namespace troupe::net::centrifuge::internal {

/// Takes one command off `rest`, not yet normalized. Returns what is wrong (a constant text), empty
/// if nothing.
std::string_view read_protobuf(std::string_view& rest, troupe::centrifuge::command& received);

std::string write_protobuf(const troupe::centrifuge::reply& message);
std::string write_protobuf(const troupe::centrifuge::push& message);

} // namespace troupe::net::centrifuge::internal
