// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DEBUG TABLES: what the paths under /debug/ show, as JSON. The query picks, sorts and pages.
// Thread: any but a loop's: they read every actor's meters. Bounded by: max_page rows in an answer.
#pragma once
#include <troupe/closed_connections.hpp>
#include <troupe/inspect/observatory.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::net {

inline constexpr std::size_t max_page = 1000;

/// What is wrong with a request's query, for whoever wrote it; one line.
struct bad_query {
  std::string text;
};
template <class T>
using parsed = std::variant<T, bad_query>;

/// /debug/connections.json, /debug/channels.json and /debug/actors.json, the last if there is no kind.
/// Takes sort, order, offset, limit; user and id of connections, name of channels, kind and loop of
/// actors.
parsed<std::string> actors_json(const inspection::observatory& of,
                                std::optional<inspection::actor_kind> kind, std::string_view target);

/// /debug/loops.json
std::string loops_json(const inspection::observatory& of);

/// What /debug/closed.json asks: reason, by, user, id, last (such as 90s, 15m, 2h), offset, limit.
parsed<closed_query> closed_query_of(std::string_view target, std::chrono::system_clock::time_point now);
std::string closed_json(const closed_page& page, const closed_counts& counts);

} // namespace troupe::net
