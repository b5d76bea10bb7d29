// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// One HTTP request at a time, for threads that may wait. No redirects, no cookies, no proxies.
#pragma once
#include <troupe/net/auth/web_address.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace troupe::net::auth::internal {

struct get_limits {
  std::chrono::milliseconds timeout{1'000}; ///< For the look-up of the host's name, then for the rest.
  std::size_t max_bytes = 256 * 1024;       ///< Of the answer.
};

struct get_result {
  std::optional<std::string> body; ///< Of an answer with status 200.
  std::string why;                 ///< Else.
};

/// Blocks. Certificates are verified by the system's authorities and for the host.
get_result http_get(const web_address& from, const get_limits& limits);

} // namespace troupe::net::auth::internal
