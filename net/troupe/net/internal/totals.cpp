// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/totals.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace troupe::net {

namespace {

struct figure {
  const char* name;
  counter loop_counters::*value;
};

constexpr figure figures[] = {
  {"connections", &loop_counters::connections},
  {"opened", &loop_counters::opened},
  {"closed", &loop_counters::closed},
  {"refused", &loop_counters::refused},
  {"accept_errors", &loop_counters::accept_errors},
  {"messages_in", &loop_counters::messages_in},
  {"bytes_in", &loop_counters::bytes_in},
  {"broadcasts", &loop_counters::broadcasts},
  {"broadcasts_refused", &loop_counters::broadcasts_refused},
  {"messages_queued", &loop_counters::messages_queued},
  {"messages_dropped", &loop_counters::messages_dropped},
  {"messages_conflated", &loop_counters::messages_conflated},
  {"bytes_out", &loop_counters::bytes_out},
  {"queued_bytes", &loop_counters::queued_bytes},
  {"reads_paused", &loop_counters::reads_paused},
};

} // namespace

std::string totals_json(const std::vector<std::unique_ptr<io_loop>>& loops, bool draining) {
  nlohmann::ordered_json out;
  out["draining"] = draining;
  out["loops"] = loops.size();
  for (const auto& f : figures) {
    std::uint64_t sum = 0;
    for (const auto& loop : loops) sum += (loop->counters().*f.value).value();
    out[f.name] = sum;
  }
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
