// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/inspector.hpp>

#include <troupe/net/internal/debug_tables.hpp>

#include <chrono>
#include <utility>

namespace troupe::net {

namespace {

using inspection::actor_kind;
using namespace std::chrono_literals;

constexpr auto ledger_timeout = 2s;
constexpr std::string_view json = "application/json";

decision as_decision(parsed<std::string> what) {
  if (auto* wrong = std::get_if<bad_query>(&what)) return {.status = 400, .body = wrong->text + "\n"};
  return {.content_type = json, .body = std::move(std::get<std::string>(what))};
}

} // namespace

inspector_actor::behavior_type inspector_state::make_behavior(inspector_settings settings) {
  settings_ = std::move(settings);
  return {[this](const answer_inspection& m) { on_request(m); }};
}

void inspector_state::on_request(const answer_inspection& m) {
  const auto path = std::string_view{m.target}.substr(0, m.target.find('?'));
  const auto& of = settings_.observatory;
  const auto table = [&](std::optional<actor_kind> kind) {
    m.respond(as_decision(actors_json(of, kind, m.target)));
  };
  if (path == metrics_path)
    m.respond({.content_type = metrics_content_type, .body = metrics_text(of, settings_.facts())});
  else if (path == "/debug/connections.json") table(actor_kind::connection);
  else if (path == "/debug/channels.json") table(actor_kind::channel);
  else if (path == "/debug/actors.json") table(std::nullopt);
  else if (path == "/debug/loops.json") m.respond(as_decision(loops_json(of)));
  else if (path == "/debug/closed.json") ask_ledger(m);
  else m.respond({.status = 404, .body = "not found\n"});
}

void inspector_state::ask_ledger(const answer_inspection& m) {
  auto wanted = closed_query_of(m.target, std::chrono::system_clock::now());
  if (auto* wrong = std::get_if<bad_query>(&wanted)) return m.respond(as_decision(std::move(*wrong)));
  const auto& query = std::get<closed_query>(wanted);
  const auto failed = [respond = m.respond](const caf::error&) {
    respond({.status = 503, .body = "the ledger does not answer\n"});
  };
  self_->request(settings_.ledger, ledger_timeout, count_closed{query})
    .then([this, query, respond = m.respond, failed](const closed_counts& counts) {
      self_->request(settings_.ledger, ledger_timeout, find_closed{query})
        .then([respond, counts](const closed_page& page) {
          respond(as_decision(closed_json(page, counts)));
        }, failed);
    }, failed);
}

inspector_actor::behavior_type inspector(inspector_state::pointer self, inspector_settings settings) {
  return self->state.make_behavior(std::move(settings));
}

} // namespace troupe::net
