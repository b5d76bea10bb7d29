// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Numbers of the console as text: with units for people, and back. Free functions without state.
#pragma once
#include "app/console/table.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::app::console {

/// Reads a value for a column that is not text: "1500", "64KiB", "1.5s", "20ms". A duration has a unit
/// unless it is 0. Nothing if it is malformed.
[[nodiscard]] std::optional<double> parse_quantity(std::string_view text, column_type type);

/// What parse_quantity() takes, for messages: "a duration such as 5s or 20ms".
[[nodiscard]] std::string_view describe(column_type type);

/// Short, for people: "64.0KiB", "1.52ms", "12345", "0.25".
[[nodiscard]] std::string to_text(double value, column_type type);

} // namespace troupe::app::console
