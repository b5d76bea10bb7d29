// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// STDERR LOG: an EVENT LOG for programs that have none of their own: a line for each event from `info` up.
// Thread: any. Blocks as long as standard error does.
#pragma once
#include <troupe/event_log.hpp>

namespace troupe::net {

/// See event_log.
class stderr_log final : public event_log {
public:
  /// Writes "error extension_failed name=/game reason=..."; unprintable bytes become '?'.
  void write(severity level, std::string_view name,
             std::initializer_list<log_field> fields) override;
};

} // namespace troupe::net
