// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Tables as text: aligned for people, JSON and CSV for scripts. Text of clients cannot control a
// terminal: it is escaped as in the log. Free functions without state.
#pragma once
#include "app/console/answer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app::console {

enum class output_format : std::uint8_t {
  table, ///< With units, cut to a readable width.
  json,  ///< An array of objects, or an object for a detail; several tables: an object by title.
  csv,   ///< With a header; several tables are separated by an empty line.
};

[[nodiscard]] std::string render(const std::vector<table>& tables, output_format format);

/// Tables of one kind that come one after another, as one: its header comes once, its columns never get narrower,
/// and in JSON every row is a line.
class running_table {
public:
  explicit running_table(output_format format) : format_{format} {}
  [[nodiscard]] std::string add(const table& more);
  [[nodiscard]] bool has_begun() const noexcept { return has_header_; }

private:
  output_format format_;
  bool has_header_ = false;
  std::vector<std::size_t> widths_; // of columns, in characters
};

/// What a command came to, for programs: {"role":..., "result":..., "notes":[...], "matched":..., "total":...},
/// where result is as render() has it in JSON and is left out if there are no tables; or {"role":..., "error":"..."}.
/// @param role Of who asked; empty: nobody that is known.
[[nodiscard]] std::string to_json(const answer& what, std::string_view role = {});

} // namespace troupe::app::console
