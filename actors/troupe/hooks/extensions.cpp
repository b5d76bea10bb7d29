// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/extensions.hpp>

#include <algorithm>

namespace troupe::hooks {

namespace {

constexpr std::size_t max_path_bytes = 128;

bool unreserved(char c) noexcept { // RFC 3986, section 2.3, and the slash
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~' || c == '/';
}

bool is_below(std::string_view path, std::string_view folder) noexcept {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

} // namespace

bool is_route_path(std::string_view path) noexcept {
  return path.size() > 1 && path.size() <= max_path_bytes && path.front() == '/' &&
         std::all_of(path.begin(), path.end(), unreserved) && !is_below(path, "/ws") &&
         !is_below(path, "/connection") && path != "/health";
}

} // namespace troupe::hooks
