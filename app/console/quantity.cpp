// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/quantity.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace troupe::app::console {

namespace {

using unit = std::pair<std::string_view, double>;

constexpr std::array durations{unit{"ns", 1},   unit{"us", 1e3},  unit{"ms", 1e6},      unit{"s", 1e9},
                               unit{"m", 60e9}, unit{"h", 3600e9}, unit{"d", 86'400e9}};
constexpr std::array sizes{unit{"B", 1},         unit{"KiB", 1024.0},
                           unit{"MiB", 1048576}, unit{"GiB", 1073741824},
                           unit{"TiB", 1099511627776}};

/// @returns 0 if there is no such unit.
double factor_of(std::string_view name, const auto& units) {
  for (const auto& [known, factor] : units)
    if (known == name)
      return factor;
  return 0;
}

/// In the largest unit in which it is at least 1.
std::string scaled(double value, const auto& units) {
  auto chosen = units.front();
  for (const auto& each : units)
    if (std::abs(value) >= each.second)
      chosen = each;
  const auto shown = value / chosen.second;
  if (chosen.second == 1 || shown >= 1000)
    return fmt::format("{:.0f}{}", shown, chosen.first);
  return fmt::format("{:.{}f}{}", shown, shown < 10 ? 2 : shown < 100 ? 1 : 0, chosen.first);
}

} // namespace

std::optional<double> parse_quantity(std::string_view text, column_type type) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || !std::isfinite(value))
    return std::nullopt;
  const auto rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (rest.empty() && (type != column_type::duration || value == 0))
    return value;
  double factor = 0;
  if (type == column_type::duration)
    factor = factor_of(rest, durations);
  else if (type == column_type::bytes)
    factor = factor_of(rest, sizes);
  if (factor == 0)
    return std::nullopt;
  return value * factor;
}

std::string_view describe(column_type type) {
  switch (type) {
    case column_type::text: return "text";
    case column_type::number: return "a number";
    case column_type::duration: return "a duration such as 5s or 20ms";
    case column_type::bytes: return "a size such as 1500 or 64KiB";
  }
  return "";
}

std::string to_text(double value, column_type type) {
  if (std::isnan(value))
    return "-";
  if (type == column_type::duration)
    return scaled(value, durations);
  if (type == column_type::bytes)
    return scaled(value, sizes);
  if (value == std::floor(value) && std::abs(value) < 1e15)
    return fmt::format("{:.0f}", value);
  return fmt::format("{:.2f}", value);
}

} // namespace troupe::app::console
