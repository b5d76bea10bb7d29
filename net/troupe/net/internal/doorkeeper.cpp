// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/doorkeeper.hpp>

#include <utility>

namespace troupe::net {

using namespace troupe::centrifuge;

doorkeeper_actor::behavior_type doorkeeper_state::make_behavior(doorkeeper_settings settings) {
  settings_ = std::move(settings);
  gate_ = rates::checkpoint{settings_.limits.get()};
  return {[this](judge_entry& m) { on_judge(m); }};
}

void doorkeeper_state::on_judge(judge_entry& m) {
  const auto respond = std::move(m.respond);
  count({{}, m.address}, respond, [this, token = std::move(m.token), respond] {
    if (token.empty()) respond(connection_grant{});
    else verify(token, respond);
  });
}

void doorkeeper_state::count(const rates::party& who, const answer& respond,
                             const std::function<void()>& then) {
  const auto settle = [respond, then](rates::verdict v) {
    if (v == rates::verdict::granted) then();
    else respond(entry_fault::too_many);
  };
  if (const auto now = gate_.pass(self_, rates::operation::connect, who, settle)) settle(*now);
}

void doorkeeper_state::verify(const std::string& token, const answer& respond) {
  if (!settings_.authenticator) return respond(entry_fault::invalid_token);
  self_->request(settings_.authenticator, caf::infinite, verify_connection{token})
    .then([this, respond](const connection_verdict& m) { on_verified(m, respond); },
          [respond](const caf::error&) { respond(entry_fault::unavailable); });
}

void doorkeeper_state::on_verified(const connection_verdict& m, const answer& respond) {
  if (const auto* fault = std::get_if<token_fault>(&m.value)) switch (*fault) {
    case token_fault::invalid: return respond(entry_fault::invalid_token);
    case token_fault::expired:
    case token_fault::over: return respond(entry_fault::expired_token);
    case token_fault::unavailable: return respond(entry_fault::unavailable);
    }
  const auto& granted = std::get<connection_grant>(m.value);
  if (granted.user.empty() && settings_.wants_user) return respond(entry_fault::anonymous_token);
  count({granted.user, {}}, respond, [respond, granted] { respond(granted); });
}

doorkeeper_actor::behavior_type doorkeeper(doorkeeper_state::pointer self, doorkeeper_settings settings) {
  return self->state.make_behavior(std::move(settings));
}

} // namespace troupe::net
