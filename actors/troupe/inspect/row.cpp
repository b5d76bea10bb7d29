// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/inspect/row.hpp>

#include <troupe/meters/message_type.hpp>

namespace troupe::inspection {

std::string row::last_message_name() const {
  return last_message ? meters::message_name(*last_message) : std::string{};
}

} // namespace troupe::inspection
