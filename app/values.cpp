// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace troupe::app {

namespace {

struct unit {
  std::string_view suffix;
  std::uint64_t factor;
};

// Largest first.
constexpr unit time_units[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};
constexpr unit size_units[] = {{"GiB", 1u << 30}, {"MiB", 1u << 20}, {"KiB", 1u << 10}, {"", 1}};

/// An integer followed by one of the units.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const unit> units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_integer(text.substr(0, digits));
  const auto found = std::find_if(units.begin(), units.end(), [&](const unit& candidate) {
    return candidate.suffix == text.substr(digits);
  });
  if (!number || found == units.end())
    return std::nullopt;
  if (*number > std::numeric_limits<std::int64_t>::max() / found->factor)
    return std::nullopt;
  return *number * found->factor;
}

std::string print_with_unit(std::uint64_t value, std::span<const unit> units) {
  if (value == 0)
    return "0";
  const auto found = std::find_if(units.begin(), units.end(), [&](const unit& candidate) {
    return value % candidate.factor == 0;
  });
  return fmt::format("{}{}", value / found->factor, found->suffix);
}

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_host_name(std::string_view host) {
  if (host.starts_with("*."))
    host.remove_prefix(2);
  while (true) {
    const auto label = host.substr(0, host.find('.'));
    if (label.empty() || !std::all_of(label.begin(), label.end(), is_label_character))
      return false;
    if (label.size() == host.size())
      return true;
    host.remove_prefix(label.size() + 1);
  }
}

bool is_ipv6(const std::string& text) {
  in6_addr parsed{};
  return ::inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

} // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true")
    return true;
  if (text == "false")
    return false;
  return std::nullopt;
}

std::optional<std::uint64_t> parse_integer(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end)
    return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text == "0")
    return std::chrono::milliseconds{0};
  const auto count = parse_with_unit(text, time_units);
  if (!count)
    return std::nullopt;
  return std::chrono::milliseconds{*count};
}

std::string to_text(std::chrono::milliseconds value) {
  return print_with_unit(static_cast<std::uint64_t>(value.count()), time_units);
}

std::optional<std::size_t> parse_size(std::string_view text) {
  return parse_with_unit(text, size_units);
}

std::string size_to_text(std::size_t bytes) { return print_with_unit(bytes, size_units); }

bool is_address(const std::string& text) {
  in_addr ipv4{};
  return ::inet_pton(AF_INET, text.c_str(), &ipv4) == 1 || is_ipv6(text.substr(0, text.find('%')));
}

bool is_loopback_address(const std::string& text) {
  in_addr ipv4{};
  if (::inet_pton(AF_INET, text.c_str(), &ipv4) == 1)
    return (ntohl(ipv4.s_addr) >> 24) == 127;
  in6_addr ipv6{};
  return ::inet_pton(AF_INET6, text.c_str(), &ipv6) == 1 && IN6_IS_ADDR_LOOPBACK(&ipv6);
}

bool is_origin(const std::string& text) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string::npos)
    return false;
  const auto scheme = std::string_view{text}.substr(0, scheme_end);
  if (scheme.empty() || !std::all_of(scheme.begin(), scheme.end(), is_label_character))
    return false;
  auto host = std::string_view{text}.substr(scheme_end + 3);
  std::optional<std::string_view> port;
  const auto after_address = host.starts_with('[') ? host.find(']') : 0;
  if (after_address == std::string_view::npos)
    return false;
  if (const auto colon = host.find(':', after_address); colon != std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (port) {
    const auto number = parse_integer(*port);
    if (!number || *number == 0 || *number > 65535)
      return false;
  }
  if (host.starts_with('['))
    return host.ends_with(']') && is_ipv6(std::string{host.substr(1, host.size() - 2)});
  return is_host_name(host);
}

} // namespace troupe::app
