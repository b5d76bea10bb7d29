// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/web/address.hpp>

#include <algorithm>

namespace troupe::net::web {

std::string address::authority() const {
  const bool is_ipv6 = host.find(':') != host.npos;
  return (is_ipv6 ? '[' + host + ']' : host) + ':' + port;
}

std::optional<address> parse_address(std::string_view url) {
  address result;
  result.is_encrypted = url.starts_with("https://");
  if (!result.is_encrypted && !url.starts_with("http://")) return std::nullopt;
  const auto unusable = [](char c) { return c <= ' ' || c >= 0x7f || c == '#' || c == '{' || c == '}'; };
  if (std::ranges::any_of(url, unusable)) return std::nullopt;
  url.remove_prefix(url.find("//") + 2);
  const auto path = std::min(url.find_first_of("/?"), url.size());
  result.target = url.substr(path);
  if (!result.target.starts_with('/')) result.target.insert(0, 1, '/');
  auto authority = url.substr(0, path);
  if (authority.find('@') != authority.npos) return std::nullopt;
  auto port = std::string_view{result.is_encrypted ? "443" : "80"};
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  if (colon != authority.npos && (bracket == authority.npos || colon > bracket)) {
    port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (authority.empty() || port.empty() || port.size() > 5 || !std::ranges::all_of(port, is_digit))
    return std::nullopt;
  result.host = authority;
  result.port = port;
  return result;
}

} // namespace troupe::net::web
