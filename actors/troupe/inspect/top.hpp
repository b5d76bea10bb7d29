// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TOP: the first rows of a table of actors, sorted by one of their numbers. One pass over the slabs and
// a heap of the rows that are asked for: its memory does not depend on how many actors there are.
// Thread: any.
#pragma once
#include <troupe/inspect/fields.hpp>
#include <troupe/inspect/observatory.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace troupe::inspection {

/// Of the values of a field.
enum class order : std::uint8_t { descending, ascending };

/// Which actors, and in which order.
struct top_query {
  std::optional<actor_kind> kind = actor_kind::connection; ///< Nothing: all kinds.
  const field* by = nullptr;                 ///< Null: by ID.
  order in = order::descending;
  std::function<bool(const row&)> where = {}; ///< Empty: all.
  std::size_t offset = 0;                    ///< Skips the first of them.
  std::size_t limit = 50;                    ///< Offset and limit are at most max_rows together.
};

/// Those that were asked for.
struct top_page {
  std::vector<row> rows;
  std::uint64_t matching = 0; ///< Without offset and limit.
};

/// Of one page, with what it skips.
inline constexpr std::size_t max_rows = 10'000;

/// Rows of the same value come by ID, so that pages taken one after another fit together as far as
/// values stand still.
top_page top(const observatory& of, const top_query& query);

} // namespace troupe::inspection
