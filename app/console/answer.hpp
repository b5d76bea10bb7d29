// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ANSWER: what a command came to. Travels from the server to `troupe console` as one line of JSON:
//   -> {"id":1,"command":"loops"}
//   <- {"id":1,"tables":[{"title":"","layout":"grid","columns":[{"name":"loop","type":"number"}],
//       "rows":[[0]]}],"notes":[]}
// One that goes on, such as a trace, comes in parts: all but the last have "more":true. An empty line ends it.
//   <- {"id":1,"error":"no such command 'lops'; one of: ..."}
// Durations are in nanoseconds; what is not known is null.
#pragma once
#include "app/console/table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app::console {

/// How many rows there are beside those that are shown.
struct extent {
  std::size_t matched = 0; ///< For which the condition holds.
  std::size_t total = 0;
};

struct answer {
  std::vector<table> tables;
  std::vector<std::string> notes; ///< Sentences.
  std::optional<extent> rows;     ///< Of the first table, if it shows some of many.
  bool goes_on = false;           ///< More of it follows.
  std::string error;              ///< Why it was not done; then there is nothing else.

  static answer failed(std::string why) { return {{}, {}, {}, false, std::move(why)}; }
  static answer of(table only) { return {{std::move(only)}, {}, {}, false, {}}; }
  static answer note(std::string only) { return {{}, {std::move(only)}, {}, false, {}}; }
};

/// In place of one that is more than its reader takes.
[[nodiscard]] answer too_long(std::size_t bytes, std::size_t limit);

struct request {
  std::uint64_t id = 0; ///< Chosen by the client; comes back.
  std::string command;
};

/// One line, its end included.
[[nodiscard]] std::string encode(const request& what);
[[nodiscard]] std::string encode(std::uint64_t id, const answer& what);

/// @throws query_error if the line is none.
[[nodiscard]] request decode_request(std::string_view line);
/// @param id Becomes that of the request.
/// @throws query_error if the line is none.
[[nodiscard]] answer decode_answer(std::string_view line, std::uint64_t& id);

} // namespace troupe::app::console
