// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Where something is on the web, taken apart for a request. Pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace troupe::net::web {

struct address {
  bool is_encrypted = false;
  std::string host; ///< An IPv6 address without its brackets.
  std::string port;
  std::string target; ///< Path and query.

  /// Host and port as a request names them.
  [[nodiscard]] std::string authority() const;
};

/// Nothing if it is no http or https URL, has a user, or a character that has no place in a request line.
std::optional<address> parse_address(std::string_view url);

/// Whether requests can go there: an http or https URL.
inline bool is_endpoint(std::string_view url) { return parse_address(url).has_value(); }

} // namespace troupe::net::web
