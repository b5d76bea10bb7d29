// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ADMIN SERVICE: a path of the administration port that the program answers by itself. Requests are POSTs of
// at most 64 KiB; who may make them is the program's business.
#pragma once
#include <functional>
#include <string>

namespace troupe::net {

/// What somebody asks.
struct admin_request {
  std::string authorization; ///< The header as it came; empty if there is none.
  std::string body;
};

/// What they get.
struct admin_answer {
  unsigned status = 200;
  std::string body; ///< JSON.
};

/// One path, and who answers there.
struct admin_service {
  std::string path; ///< Such as "/debug/command".
  /// Called on a loop's thread, which it must not hold up. `respond` is called once, from any thread; it waits
  /// for ten seconds, then the request gets 504.
  std::function<void(const admin_request&, std::function<void(admin_answer)> respond)> serve;
};

} // namespace troupe::net
