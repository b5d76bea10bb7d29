// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LOOK UP: the addresses of a host, within a time. The system's resolver takes as long as it likes and cannot
// be stopped, so it works on a thread that is left behind when the time is over; until it is done every other
// look-up fails, so that there is never more than one.
// Thread: any that may wait.
#pragma once
#include <troupe/net/internal/aliases.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace troupe::net::auth::internal {

struct addresses {
  std::vector<asio::ip::tcp::endpoint> found;
  std::string why; ///< There are none.
};

using resolver = std::function<addresses(const std::string& host, const std::string& port)>;

/// As the system finds them. Blocks without a bound.
addresses resolve(const std::string& host, const std::string& port);

/// @param by Is called on another thread, perhaps for longer than this waits.
addresses look_up(const std::string& host, const std::string& port, std::chrono::milliseconds timeout,
                  resolver by = resolve);

} // namespace troupe::net::auth::internal
