// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/table.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace troupe::app::console {

void add_detail(table& to, std::string name, column_type type, cell value) {
  to.shape = layout::detail;
  if (to.rows.empty())
    to.rows.emplace_back();
  to.columns.push_back({std::move(name), type});
  to.rows.front().push_back(std::move(value));
}

std::size_t find_column(const std::vector<column>& columns, std::string_view name) {
  const auto found =
      std::ranges::find_if(columns, [&](const column& each) { return each.name == name; });
  return static_cast<std::size_t>(found - columns.begin());
}

double table_rows::number(std::size_t row, std::size_t column) const {
  const auto* value = std::get_if<double>(&table_.rows[row][column]);
  return value ? *value : std::numeric_limits<double>::quiet_NaN();
}

std::string table_rows::text(std::size_t row, std::size_t column) const {
  const auto* value = std::get_if<std::string>(&table_.rows[row][column]);
  return value ? *value : std::string{};
}

} // namespace troupe::app::console
