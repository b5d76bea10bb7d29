// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/ledger.hpp>

#include <variant>

namespace troupe {

ledger_actor::behavior_type ledger_state::make_behavior(closed_bounds limits) {
  closed_ = closed_connections{limits};
  return {
    [this](const connection_events& m) { return on_events(m); },
    [this](const find_closed& m) { return closed_.find(m.query); },
    [this](const count_closed& m) { return closed_.count(m.query); },
  };
}

noted ledger_state::on_events(const connection_events& m) {
  closed_.miss(m.missed_downs + m.missed_refusals);
  for (const auto& e : m.events) {
    if (const auto* down = std::get_if<connection_down>(&e)) closed_.add(*down);
    if (const auto* refused = std::get_if<connection_refused>(&e)) closed_.add(refused->end);
  }
  return {};
}

ledger_actor::behavior_type ledger(ledger_state::pointer self, closed_bounds limits) {
  return self->state.make_behavior(limits);
}

} // namespace troupe
