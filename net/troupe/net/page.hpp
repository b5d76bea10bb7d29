// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string_view>

namespace troupe::net {

/// Where it is served.
enum class page_port : std::uint8_t {
  listen, ///< Ports of listen_options and tls_options.
  admin,  ///< Port of admin_options.
};

/// What browsers may keep of a page.
enum class page_keeping : std::uint8_t {
  nothing,
  forever, ///< For paths whose content never changes.
};

/// A file served over GET. All views must outlive the server: the program embeds its files.
struct page {
  std::string_view path;         ///< Exact request path, such as "/".
  std::string_view content_type; ///< Such as "text/html; charset=utf-8".
  std::string_view body;
  page_port on = page_port::listen;
  page_keeping keep = page_keeping::nothing;
  std::string_view policy{};     ///< Content-Security-Policy; with one, no other page may frame it.
};

} // namespace troupe::net
