// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <string>

namespace troupe::app {

/// Tells whoever runs this as a service how it is doing, if he has given an address for that in $NOTIFY_SOCKET: lines
/// such as "READY=1", by the protocol of systemd's sd_notify(3). What cannot be told is not told.
/// Thread: any. Does not block.
void tell_service_manager(const std::string& lines);

} // namespace troupe::app
