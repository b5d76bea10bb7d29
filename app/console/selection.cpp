// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/selection.hpp"

#include "app/console/leaders.hpp"
#include "app/console/quantity.hpp"
#include "app/console/query_error.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

namespace troupe::app::console {

namespace {

std::size_t column_named(const std::vector<column>& columns, const std::string& name) {
  const auto at = find_column(columns, name);
  if (at != columns.size())
    return at;
  std::vector<std::string> names;
  for (const auto& each : columns)
    names.push_back(each.name);
  throw no_such("column", name, names);
}

cell read(const row_source& from, std::size_t row, std::size_t at) {
  if (from.columns()[at].type == column_type::text)
    return from.text(row, at);
  const auto value = from.number(row, at);
  return std::isnan(value) ? cell{} : cell{value};
}

} // namespace

selected select(const row_source& from, selection what) {
  const auto& columns = from.columns();
  what.where.bind(columns);
  const auto count = what.last();
  const auto key = what.key.empty() ? columns.size() : column_named(columns, what.key);
  selected result{{}, 0, from.size()};
  const auto each_match = [&](auto take) {
    for (std::size_t row = 0; row < result.total; ++row)
      if (what.where.holds(from, row)) {
        ++result.matched;
        take(row);
      }
  };
  const auto first_by = [&](auto best, auto key_of) {
    each_match([&](std::size_t row) { best.offer(key_of(row), [row] { return row; }); });
    result.rows = best.take();
  };
  if (key == columns.size())
    each_match([&](std::size_t row) {
      if (result.rows.size() < count)
        result.rows.push_back(row);
    });
  else if (columns[key].type == column_type::text)
    first_by(leaders<std::string, std::size_t, std::less<>>{count},
             [&](std::size_t row) { return from.text(row, key); });
  else
    first_by(leaders<double, std::size_t, std::greater<>>{count}, [&](std::size_t row) {
      const auto value = from.number(row, key);
      return std::isnan(value) ? -HUGE_VAL : value; // what is not known comes last
    });
  const auto skipped = static_cast<std::ptrdiff_t>(std::min(what.offset, result.rows.size()));
  result.rows.erase(result.rows.begin(), result.rows.begin() + skipped);
  return result;
}

table copy(const row_source& from, const selected& which) {
  table result;
  result.columns = from.columns();
  for (const auto row : which.rows) {
    auto& cells = result.rows.emplace_back();
    for (std::size_t at = 0; at < result.columns.size(); ++at)
      cells.push_back(read(from, row, at));
  }
  return result;
}

table group(const row_source& from, const std::vector<std::size_t>& rows, const std::string& by) {
  const auto at = column_named(from.columns(), by);
  const auto type = from.columns()[at].type;
  std::map<std::string, std::size_t> counts;
  for (const auto row : rows)
    ++counts[type == column_type::text ? from.text(row, at)
                                       : to_text(from.number(row, at), type)];
  table result{{}, {{by, column_type::text}, {"count", column_type::number}}, {}};
  for (const auto& [value, count] : counts)
    result.rows.push_back({value, static_cast<double>(count)});
  std::ranges::stable_sort(result.rows, std::greater{},
                           [](const auto& row) { return std::get<double>(row[1]); });
  return result;
}

} // namespace troupe::app::console
