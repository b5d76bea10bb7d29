// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <string_view>

namespace troupe::net {

/// A file served over GET. All views must outlive the server: the program embeds its files.
struct page {
  std::string_view path;         ///< Exact request path, such as "/".
  std::string_view content_type; ///< Such as "text/html; charset=utf-8".
  std::string_view body;
};

} // namespace troupe::net
