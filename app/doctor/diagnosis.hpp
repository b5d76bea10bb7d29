// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DIAGNOSIS: what will hurt a server on a machine, and the command that mends it. A pure function.
#pragma once
#include "app/doctor/facts.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app::doctor {

enum class verdict : std::uint8_t {
  good,
  hint,  ///< Could be better; nothing breaks.
  hurts, ///< Will break or slow the server down under load.
  fatal, ///< The server cannot start.
};
[[nodiscard]] std::string_view to_string(verdict value) noexcept;

struct finding {
  std::string_view check; ///< "descriptors"
  verdict how = verdict::good;
  std::string found;      ///< A sentence.
  std::string mend = {};  ///< A command, or what to change; empty if nothing.
};

/// One finding or more for each check, in a fixed order.
[[nodiscard]] std::vector<finding> diagnose(const facts& seen, const settings& of);

} // namespace troupe::app::doctor
