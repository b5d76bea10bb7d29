// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A cell as a JSON value: the same on the wire and in what scripts get.
#pragma once
#include "app/console/table.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>

namespace troupe::app::console {

inline nlohmann::ordered_json json_of(const cell& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return *text;
  const auto* number = std::get_if<double>(&value);
  if (!number)
    return nullptr;
  constexpr double exact = 9e15; // below 2^53
  if (*number == std::floor(*number) && std::abs(*number) < exact)
    return static_cast<std::int64_t>(*number);
  return *number;
}

} // namespace troupe::app::console
