// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Which rows of a source to show: those for which a condition holds, the first n of them by a key.
// Cost: one look at each row, then sorting what is shown; 100,000 rows take a few milliseconds.
#pragma once
#include "app/console/condition.hpp"
#include "app/console/table.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace troupe::app::console {

struct selection {
  static constexpr std::size_t default_count = 20;
  static constexpr std::size_t max_count = 10'000;

  std::string key;            ///< Numbers: largest first. Text: in order. Empty: as they are.
  condition where;
  std::size_t count = default_count;
  std::size_t offset = 0;     ///< How many of the first to leave out.

  /// Position after the last row shown. Whoever asks for more than max_count of them gets those up to it.
  [[nodiscard]] std::size_t last() const noexcept {
    return std::min(offset, max_count) + std::min(count, max_count - std::min(offset, max_count));
  }
};

struct selected {
  std::vector<std::size_t> rows; ///< In the order asked for.
  std::size_t matched = 0;       ///< Rows for which the condition holds.
  std::size_t total = 0;
};

/// @throws query_error when the key or the condition names a column that is not there.
[[nodiscard]] selected select(const row_source& from, selection what);

/// Copies the chosen rows with all columns.
[[nodiscard]] table copy(const row_source& from, const selected& which);

/// How many rows share each value of a column, most frequent first: a table VALUE, count.
/// @throws query_error if there is no such column.
[[nodiscard]] table group(const row_source& from, const std::vector<std::size_t>& rows,
                          const std::string& by);

} // namespace troupe::app::console
