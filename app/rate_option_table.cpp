// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/option_builders.hpp"
#include "app/option_tables.hpp"

#include <string_view>

namespace troupe::app {

namespace {

using rates::operation;
using rates::scope;

struct what_is_limited {
  operation what;
  std::string_view text; // "… of one user"
  std::string_view over; // what becomes of more
};

constexpr what_is_limited operations[] = {
    {operation::connect, "New connections", "get 429 or error 111"},
    {operation::message, "Messages to /ws, groups and routes", "close with 4013"},
    {operation::subscribe, "Commands subscribe", "are error 111"},
    {operation::unsubscribe, "Commands unsubscribe", "are error 111"},
    {operation::publish, "Commands publish", "are error 111"},
    {operation::presence, "Commands presence and presence_stats", "are error 111"},
    {operation::history, "Commands history", "are error 111"},
    {operation::rpc, "Commands rpc and send", "are error 111, or lost if they want no answer"},
    {operation::refresh, "Commands refresh", "are error 111"},
    {operation::sub_refresh, "Commands sub_refresh", "are error 111"},
};

option limit(scope by, const what_is_limited& of) {
  const auto who = rates::scope_names[static_cast<std::size_t>(by)];
  const auto what = rates::operation_names[static_cast<std::size_t>(of.what)];
  return make(
      fmt::format("rate.{}_{}", who, what),
      [by, o = of.what](auto& all) -> auto& { return all.server.rates.of(by, o); }, value_type::text,
      "0, or a rate such as 10/s or 30/m burst 60",
      fmt::format("{} of one {}; more {}. 0 is no limit.", of.text, who, of.over), parse_rate,
      [](const rates::rate& value) { return rate_to_text(value); });
}

} // namespace

std::vector<option> rate_option_table() {
  std::vector<option> table;
  for (const auto by : {scope::connection, scope::user, scope::address})
    for (const auto& each : operations)
      if (by != scope::connection || each.what != operation::connect)
        table.push_back(limit(by, each));
  table.push_back(choice("rate.mode", TROUPE_FIELD(server.rates.what),
                         std::vector<std::pair<std::string_view, rates::enforcement>>{
                             {"refuse", rates::enforcement::refuse},
                             {"count", rates::enforcement::count_only}},
                         "What happens to more than the rates: it is refused, or only counted, to try them out."));
  table.push_back(integer("rate.max_tracked", TROUPE_FIELD(server.rates.max_tracked), "names",
                          {1000, 100'000'000},
                          "Users and addresses whose rates are kept; then the least recent begin anew."));
  return table;
}

} // namespace troupe::app
