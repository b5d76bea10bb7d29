// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What tests of outboxes share: deliveries, and a client that reads everything.
#pragma once
#include <troupe/outbox.hpp>
#include <troupe/testing/wire_reader.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::tests {

inline delivery_ptr make_delivery(std::string_view text, overflow policy, std::string key = {}) {
  return delivery_ptr{
    new delivery({}, frame::encode(opcode::text, text), {}, policy, std::move(key)), false};
}

/// Sends everything in `out`. @returns the payloads in the order in which they left.
inline std::vector<std::string> sends(outbox& out) {
  testing::wire_reader reader;
  std::array<std::string_view, 3> slices;
  while (const auto used = out.fill(slices)) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < used; ++i) {
      reader.feed(slices[i]);
      bytes += slices[i].size();
    }
    out.consume(bytes);
  }
  std::vector<std::string> payloads;
  while (auto message = reader.next()) payloads.push_back(std::move(message->payload));
  return payloads;
}

} // namespace troupe::tests
