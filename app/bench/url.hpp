// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace troupe::app::bench {

/// A ws:// or wss:// address, taken apart.
struct url {
  std::string host; ///< Name or address; an IPv6 address without its brackets.
  bool is_secure = false; ///< wss://.
  std::uint16_t port = 80; ///< 443 with wss:// if it is not named.
  std::string target = "/"; ///< Path and query, as sent in the request line.

  /// The value of the Host header.
  [[nodiscard]] std::string authority() const;
};

/// @throws std::invalid_argument with one line that names what is wrong with `text`.
url parse_url(std::string_view text);

} // namespace troupe::app::bench
