// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// FIELDS: the numbers of a ROW by name: what tables show and sort by, in the console and in
// /debug/*.json alike.
#pragma once
#include <troupe/inspect/row.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace troupe::inspection {

/// Which actors have a number.
enum class field_scope : std::uint8_t { every, connections, channels };
/// Whether it only rises, so that its difference over a time is a rate, or goes up and down.
enum class field_nature : std::uint8_t { total, gauge };

struct field {
  std::string_view name; ///< In snake_case; the unit is its last part where there is one.
  field_scope of;
  field_nature nature;
  std::string_view meaning;
  double (*value)(const row&);
};

/// All there are, in the order of a table's columns.
std::span<const field> fields() noexcept;
/// Null if there is none of this name.
const field* find_field(std::string_view name) noexcept;
/// Whether actors of this kind have it.
bool has(const field& f, actor_kind kind) noexcept;

} // namespace troupe::inspection
