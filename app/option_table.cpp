// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/option_tables.hpp"

#include <algorithm>
#include <iterator>

namespace troupe::app {

const std::vector<option>& options() {
  static const auto table = [] {
    std::vector<option> all;
    for (auto part : {server_option_table, rate_option_table, client_option_table, token_option_table,
                      webhook_option_table, engine_option_table, log_option_table,
                      console_option_table})
      std::ranges::move(part(), std::back_inserter(all));
    return all;
  }();
  return table;
}

} // namespace troupe::app
