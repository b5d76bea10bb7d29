// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/option_builders.hpp"
#include "app/option_tables.hpp"

namespace troupe::app {

std::vector<option> log_option_table() {
  return {
      choice("log.level", TROUPE_FIELD(log.level),
             std::vector<std::pair<std::string_view, severity>>{{"debug", severity::debug},
                                                                {"info", severity::info},
                                                                {"warning", severity::warning},
                                                                {"error", severity::error}},
             "Events below this level are not logged."),
      choice("log.format", TROUPE_FIELD(log.format),
             std::vector<std::pair<std::string_view, log_format>>{{"human", log_format::human},
                                                                  {"json", log_format::json}},
             "Form of the log lines."),
      integer("log.lines_per_second", TROUPE_FIELD(log.lines_per_second), "lines per second",
              {0, 1'000'000}, "More lines are dropped and counted; 0 is no limit."),
  };
}

} // namespace troupe::app
