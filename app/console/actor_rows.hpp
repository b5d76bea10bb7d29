// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ACTOR ROWS: what the observatory tells, as a table to query: connections, actors, channels, users.
// Counts are since the actor's start, or with a baseline what came since then, a second.
// Thread: its owner's; reading disturbs no actor. Bounded by: one row at a time; a baseline is one number
// for each counter of each actor.
#pragma once
#include "app/console/answer.hpp"
#include "app/console/selection.hpp"
#include "app/console/table.hpp"

#include <troupe/inspect/fields.hpp>
#include <troupe/inspect/observatory.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::app::console {

enum class subject : std::uint8_t { connections, actors, channels, users };

/// Of "conns", "actors", "channels", "users".
[[nodiscard]] std::optional<subject> find_subject(std::string_view name);

/// Counts of every actor as they were.
struct baseline {
  std::chrono::steady_clock::time_point taken;
  std::unordered_map<std::uint64_t, std::vector<double>> counts; ///< By actor ID.
};

/// What can be asked of a subject: every column there is.
[[nodiscard]] const std::vector<column>& columns_of(subject what);

[[nodiscard]] baseline take_baseline(const inspection::observatory& from, subject what);

struct top_query {
  subject what = subject::connections;
  selection rows;                   ///< With an empty key: by the usual one.
  std::string columns;              ///< Names separated by commas, "all", or empty: the usual ones.
  const baseline* since = nullptr;  ///< Counts become rates since then.
};

/// All columns of the first actor for which `is` holds.
[[nodiscard]] std::optional<table> describe(const inspection::observatory& from, subject what,
                                            const std::function<bool(const inspection::row&)>& is);

/// @throws query_error when a column is not there.
[[nodiscard]] answer top(const inspection::observatory& from, top_query query);

} // namespace troupe::app::console
