// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/url.hpp"

#include <fmt/format.h>

#include <charconv>

namespace troupe::app::bench {

namespace {

std::uint16_t parse_port(std::string_view digits, std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 || port > 65535)
    throw std::invalid_argument(
        fmt::format("'{}' is not a port (1 to 65535) in the URL '{}'", digits, text));
  return static_cast<std::uint16_t>(port);
}

} // namespace

std::string url::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

url parse_url(std::string_view text) {
  constexpr std::string_view secure_scheme = "wss://";
  constexpr std::string_view plain_scheme = "ws://";
  const bool is_secure = text.starts_with(secure_scheme);
  if (!is_secure && !text.starts_with(plain_scheme))
    throw std::invalid_argument(fmt::format("'{}' does not start with ws:// or wss://", text));

  for (const char c : text)
    if (c <= ' ' || c == '#' || c == 0x7f)
      throw std::invalid_argument(
          fmt::format("'{}' holds a character that must not stand in a request line", text));

  url result;
  result.is_secure = is_secure;
  if (is_secure)
    result.port = 443;
  auto rest = text.substr(is_secure ? secure_scheme.size() : plain_scheme.size());
  const auto target_at = rest.find_first_of("/?");
  if (target_at != std::string_view::npos) {
    result.target = rest.substr(target_at);
    if (result.target.front() == '?')
      result.target.insert(0, 1, '/');
    rest = rest.substr(0, target_at);
  }

  auto host_end = rest.find(':');
  if (rest.starts_with('[')) {
    host_end = rest.find(']');
    if (host_end == std::string_view::npos)
      throw std::invalid_argument(fmt::format("'{}' lacks the ']' of its IPv6 address", text));
    result.host = rest.substr(1, host_end - 1);
    rest = rest.substr(host_end + 1);
  } else {
    result.host = rest.substr(0, host_end);
    rest = host_end == std::string_view::npos ? std::string_view{} : rest.substr(host_end);
  }
  if (result.host.empty())
    throw std::invalid_argument(fmt::format("'{}' names no host", text));
  if (!rest.empty()) {
    if (rest.front() != ':')
      throw std::invalid_argument(fmt::format("'{}' has text between host and path", text));
    result.port = parse_port(rest.substr(1), text);
  }
  return result;
}

} // namespace troupe::app::bench
