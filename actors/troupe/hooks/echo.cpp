// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/echo.hpp>

namespace troupe::hooks {

route_actor::behavior_type echo(route_actor::pointer, const birth&) {
  return {
    [](const opened&) { return answer{}; },
    [](const message& m) { return answer{.replies = {m.what}}; },
    [](const closed&) {},
  };
}

} // namespace troupe::hooks
