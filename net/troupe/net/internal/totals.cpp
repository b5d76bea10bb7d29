// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/totals.hpp>

#include <troupe/net/internal/counter_table.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace troupe::net {

std::string totals_json(const std::vector<std::unique_ptr<io_loop>>& loops, bool draining,
                        const auth::counters& tokens) {
  nlohmann::ordered_json out;
  out["draining"] = draining;
  out["loops"] = loops.size();
  for (const auto& f : counter_table) {
    std::uint64_t sum = 0;
    for (const auto& loop : loops) sum += (loop->counters().*f.value).value();
    out[f.name] = sum;
  }
  for (const auto& f : auth::token_figures) out[f.name] = (tokens.*f.value).value();
  auto& by_reason = out["closed_by_reason"];
  by_reason = nlohmann::ordered_json::object();
  for (const auto& row : close_reasons) {
    if (row.reason == close_reason::none) continue;
    std::uint64_t sum = 0;
    for (const auto& loop : loops)
      sum += loop->counters().closed_by_reason[static_cast<std::size_t>(row.reason)].value();
    out["closed_by_reason"][std::string{row.name}] = sum;
  }
  return out.dump(2) + "\n";
}

} // namespace troupe::net
