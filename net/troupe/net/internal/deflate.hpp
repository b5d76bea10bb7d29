// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Compresses messages for permessage-deflate without context takeover (RFC 7692): the result depends on
// the message alone, so all who negotiated it share the bytes.
#pragma once
#include <troupe/delivery.hpp>

#include <cstddef>

namespace troupe::net {

/// The deflated sibling of a delivery: made once, then found in the delivery. A message shorter than
/// `min_bytes`, or that would not shrink, stays as it is inside it. Thread: any.
delivery_ptr deflated(const delivery_ptr& what, std::size_t min_bytes);

} // namespace troupe::net
