// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/origin.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace troupe::net {

namespace {

struct origin_parts {
  std::string scheme;
  std::string host; // lower case, in brackets if IPv6
  std::uint16_t port = 0;
};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::string lower(std::string_view text) {
  std::string result{text};
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
  return result;
}

std::uint16_t default_port(std::string_view scheme) noexcept {
  return scheme == "https" || scheme == "wss" ? 443 : scheme == "http" || scheme == "ws" ? 80 : 0;
}

bool host_character(char c, bool bracketed) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
         (bracketed && c == ':');
}

/// Reads "host[:port]"; a wildcard label is allowed where a pattern is read.
bool read_authority(std::string_view text, bool pattern, origin_parts& out) {
  auto colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    colon = end + 1 == text.size() ? std::string_view::npos : end + 1;
    if (colon != std::string_view::npos && text[colon] != ':') return false;
  }
  out.port = default_port(out.scheme);
  if (colon != std::string_view::npos) {
    const auto digits = text.substr(colon + 1);
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (ec != std::errc{} || end != digits.data() + digits.size() || out.port == 0) return false;
    text = text.substr(0, colon);
  }
  out.host = lower(text);
  auto name = std::string_view{out.host};
  if (bracketed) name = name.substr(1, name.size() - 2);
  else if (pattern && name.starts_with("*.")) name.remove_prefix(2);
  return !name.empty() && name.front() != '.' && name.back() != '.' &&
         name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [&](char c) { return host_character(c, bracketed); });
}

std::optional<origin_parts> read_origin(std::string_view text, bool pattern) {
  const auto separator = text.find("://");
  if (separator == std::string_view::npos || separator == 0) return std::nullopt;
  origin_parts parts;
  parts.scheme = lower(text.substr(0, separator));
  if (!std::all_of(parts.scheme.begin(), parts.scheme.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.';
      }))
    return std::nullopt;
  if (!read_authority(text.substr(separator + 3), pattern, parts)) return std::nullopt;
  return parts;
}

bool matches(const origin_parts& pattern, const origin_parts& origin) {
  if (pattern.scheme != origin.scheme || pattern.port != origin.port) return false;
  if (!pattern.host.starts_with("*.")) return pattern.host == origin.host;
  const auto suffix = std::string_view{pattern.host}.substr(1); // with its dot: a label boundary
  return origin.host.size() > suffix.size() && std::string_view{origin.host}.ends_with(suffix);
}

} // namespace

bool valid_origin_pattern(std::string_view pattern) {
  return pattern == "*" || read_origin(pattern, true).has_value();
}

bool origin_allowed(std::string_view origin, std::string_view host,
                    const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), "*") != allowed.end()) return true;
  const auto parsed = read_origin(origin, false);
  if (!parsed) return false; // "null" among others
  if (allowed.empty()) {
    if (parsed->scheme != "http" && parsed->scheme != "https") return false;
    origin_parts own;
    own.scheme = parsed->scheme; // a proxy may have ended TLS: what counts is host and port
    return read_authority(host, false, own) && matches(own, *parsed);
  }
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& text) {
    const auto pattern = read_origin(text, true);
    return pattern && matches(*pattern, *parsed);
  });
}

} // namespace troupe::net
