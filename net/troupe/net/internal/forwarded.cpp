// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/forwarded.hpp>

#include <troupe/net/internal/request_text.hpp>

#include <algorithm>
#include <cctype>

namespace troupe::net {

namespace {

namespace ip = boost::asio::ip;

bool is_called(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

/// "1.2.3.4", "1.2.3.4:567", "2001:db8::1", "[2001:db8::1]:567".
std::optional<ip::address> parse_node(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return std::nullopt;
    text = text.substr(1, end - 1);
  } else if (const auto colon = text.find(':'); colon != text.npos && text.rfind(':') == colon) {
    text = text.substr(0, colon);
  }
  boost::system::error_code ec;
  const auto address = ip::make_address(text, ec);
  if (ec) return std::nullopt;
  return address;
}

/// What an element of Forwarded (RFC 7239) has for "for"; empty if it has none.
std::string_view for_of(std::string_view element) {
  std::string_view found;
  for_each_item(element, ';', [&](std::string_view pair) {
    const auto equals = pair.find('=');
    if (equals == pair.npos || !is_called(pair.substr(0, equals), "for")) return;
    found = pair.substr(equals + 1);
    if (found.size() >= 2 && found.starts_with('"') && found.ends_with('"'))
      found = found.substr(1, found.size() - 2);
  });
  return found;
}

std::string_view trimmed(std::string_view text) {
  const auto first = std::min(text.find_first_not_of(" \t"), text.size());
  const auto last = text.find_last_not_of(" \t");
  return text.substr(first, last == text.npos ? 0 : last + 1 - first);
}

} // namespace

std::optional<ip::address> client_address(proxy_header kind, std::string_view value,
                                          const networks& trusted) {
  std::optional<ip::address> nearest;
  if (kind == proxy_header::none) return nearest;
  while (true) {
    const auto comma = value.rfind(',');
    const auto element = trimmed(comma == value.npos ? value : value.substr(comma + 1));
    const auto node = parse_node(kind == proxy_header::forwarded ? for_of(element) : element);
    if (!node) return nearest;
    nearest = node;
    if (comma == value.npos || !trusted.contain(*node)) return nearest;
    value = value.substr(0, comma);
  }
}

} // namespace troupe::net
