// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/closed_table.hpp"

#include "app/console/quantity.hpp"

#include <fmt/format.h>

namespace troupe::app::console {

namespace {

std::string_view name_of(initiator by) {
  switch (by) {
    case initiator::client: return "client";
    case initiator::server: return "server";
    case initiator::network: return "network";
  }
  return "";
}

double nanoseconds(auto time) {
  return std::chrono::duration<double, std::nano>(time).count();
}

cell known(std::uint64_t value) { return value == 0 ? cell{} : cell{static_cast<double>(value)}; }
cell counted(std::uint64_t value) { return static_cast<double>(value); }

} // namespace

const std::vector<column>& closed_columns() {
  using enum column_type;
  static const std::vector<column> columns{
      {"ago", duration, "since it ended"},
      {"id", text, "of the connection"},
      {"user", text, "empty: anonymous"},
      {"peer", text, "address of the client"},
      {"reason", text, "one of the reasons in docs/operations.md"},
      {"initiator", text, "client, server or network"},
      {"sent", column_type::number, "code of our close frame"},
      {"received", column_type::number, "code of the client's"},
      {"uptime", duration, "from its opening to its end"},
      {"queue_bytes", bytes, "not sent"},
      {"queue_msgs", column_type::number, "not sent"},
      {"dropped", column_type::number, "messages it did not get"},
      {"rtt", duration, "last round trip measured"},
      {"msgs_in", column_type::number, "from the client"},
      {"msgs_out", column_type::number, "put into its queue"},
      {"bytes_in", bytes, "payload"},
      {"bytes_out", bytes, "taken by the kernel"},
      {"text", text, "of the close frame that came first"}};
  return columns;
}

table closed_table(const std::vector<connection_down>& rows, std::chrono::system_clock::time_point now) {
  table all{{}, closed_columns(), {}};
  all.rows.reserve(rows.size());
  for (const auto& each : rows) {
    const auto& f = each.figures;
    const auto& why = info(each.how.reason);
    all.rows.push_back({nanoseconds(now - each.when), each.who->id.to_string(), each.who->user,
                        each.who->origin.peer, std::string{why.name}, std::string{name_of(why.by)},
                        known(each.how.code_sent), known(each.how.code_received), nanoseconds(f.uptime),
                        counted(f.queue_bytes), counted(f.queue_messages), counted(f.dropped),
                        f.rtt.count() == 0 ? cell{} : cell{nanoseconds(f.rtt)}, counted(f.messages_in),
                        counted(f.messages_out), counted(f.bytes_in), counted(f.bytes_out), each.how.text});
  }
  return all;
}

std::string story_of(const connection_down& one, std::chrono::system_clock::time_point now) {
  const auto& why = info(one.how.reason);
  const auto& f = one.figures;
  auto text = fmt::format("It ended {} ago by the {}: {}, {}; it had been open for {}",
                          to_text(nanoseconds(now - one.when), column_type::duration), name_of(why.by), why.name,
                          why.meaning, to_text(nanoseconds(f.uptime), column_type::duration));
  if (one.how.code_received != 0)
    text += fmt::format(", the client said {}", one.how.code_received);
  if (one.how.code_sent != 0)
    text += fmt::format(", we said {} \"{}\"", one.how.code_sent, one.how.text);
  if (f.queue_bytes != 0)
    text += fmt::format(", {} in {} messages had not left", to_text(static_cast<double>(f.queue_bytes), column_type::bytes),
                        f.queue_messages);
  if (f.dropped != 0)
    text += fmt::format(", {} messages had been dropped", f.dropped);
  if (f.rtt.count() != 0)
    text += fmt::format(", its last round trip took {}", to_text(nanoseconds(f.rtt), column_type::duration));
  return text + '.';
}

} // namespace troupe::app::console
