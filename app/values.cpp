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

struct rate_unit {
  std::string_view suffix;
  std::chrono::seconds period;
};
constexpr rate_unit rate_units[] = {
    {"s", std::chrono::seconds{1}}, {"m", std::chrono::minutes{1}}, {"h", std::chrono::hours{1}}};

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

std::optional<rates::rate> parse_rate(std::string_view text) {
  constexpr std::uint64_t most = 1'000'000;
  constexpr std::string_view mark = " burst ";
  const auto number = [](std::string_view digits) -> std::optional<std::uint32_t> {
    const auto value = parse_integer(digits);
    if (!value || *value == 0 || *value > most)
      return std::nullopt;
    return static_cast<std::uint32_t>(*value);
  };
  if (text == "0")
    return rates::rate{};
  rates::rate result;
  if (const auto at = text.find(mark); at != text.npos) {
    const auto burst = number(text.substr(at + mark.size()));
    if (!burst)
      return std::nullopt;
    result.burst = *burst;
    text = text.substr(0, at);
  }
  const auto slash = std::min(text.find('/'), text.size());
  const auto count = number(text.substr(0, slash));
  const auto unit = text.substr(std::min(slash + 1, text.size()));
  const auto* found = std::ranges::find(rate_units, unit, &rate_unit::suffix);
  if (!count || found == std::end(rate_units))
    return std::nullopt;
  result.count = *count;
  result.period = found->period;
  return result;
}

std::string rate_to_text(const rates::rate& value) {
  if (!value.is_set())
    return "0";
  const auto* unit = std::ranges::find(rate_units, value.period, &rate_unit::period);
  const auto burst = value.burst != 0 ? fmt::format(" burst {}", value.burst) : std::string{};
  return fmt::format("{}/{}{}", value.count, unit->suffix, burst);
}

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

} // namespace troupe::app
