// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/emulation/desk.hpp>

#include <troupe/client_id.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace troupe::net::emulation {

using namespace troupe::cluster;

namespace {

constexpr std::string_view method = "emulation"; // of a node_call

hearing hearing_of(std::string_view text) noexcept {
  for (const auto known : {hearing::taken, hearing::busy})
    if (text == to_string(known)) return known;
  return hearing::gone; // or it has no streams, and says that it does not know this
}

} // namespace

std::string make_session(std::size_t loop) { return fmt::format("{}.{}", loop, client_id::random().to_string()); }

std::optional<std::size_t> loop_of(std::string_view session) noexcept {
  std::size_t loop = 0;
  const auto* const end = session.data() + session.size();
  const auto [rest, failed] = std::from_chars(session.data(), end, loop);
  if (failed != std::errc{} || rest == end || *rest != '.') return std::nullopt;
  return loop;
}

desk_actor::behavior_type desk_state::make_behavior(std::size_t loop, std::shared_ptr<const desk_settings> settings) {
  loop_ = loop;
  settings_ = std::move(settings);
  return {
    [this](enter_desk& m) { sessions_.insert_or_assign(std::move(m.session), std::move(m.who)); },
    [this](const leave_desk& m) { sessions_.erase(m.session); },
    [this](pass_on& m) {
      if (m.what.node != settings_->uid) ask_node(m.what, m.respond);
      else bring(m.what.session, std::move(m.what.data), m.respond);
    },
    [this](const speak& m) { return heard{hear(m.session, m.commands)}; },
    [this](const node_call& m) { return on_node_call(m); },
  };
}

void desk_state::bring(const std::string& session, std::string commands, const answer& respond) {
  const auto loop = loop_of(session);
  if (loop == loop_) return respond(hear(session, commands));
  if (!loop || *loop >= settings_->desks.size()) return respond(hearing::gone);
  self_->request(settings_->desks[*loop], caf::infinite, speak{session, std::move(commands)})
    .then([respond](const heard& m) { respond(m.how); }, [respond](const caf::error&) { respond(hearing::gone); });
}

void desk_state::ask_node(const request& what, const answer& respond) {
  if (!settings_->engine || what.node.empty()) return respond(hearing::gone);
  self_->request(settings_->engine, caf::infinite, ask_nodes{{std::string{method}, write_protobuf(what)}, what.node})
    .then([respond](const nodes_said& m) { respond(m.answers.empty() ? hearing::gone : hearing_of(m.answers.front().body)); },
          [respond](const caf::error&) { respond(hearing::gone); });
}

caf::typed_response_promise<node_answer> desk_state::on_node_call(const node_call& m) {
  auto promise = self_->make_response_promise<node_answer>();
  if (m.method != method) {
    self_->request(settings_->api, caf::infinite, m)
      .then([promise](const node_answer& a) mutable { promise.deliver(a); },
            [promise](const caf::error&) mutable { promise.deliver(node_answer{}); });
    return promise;
  }
  const answer told = [promise](hearing how) mutable { promise.deliver(node_answer{std::string{to_string(how)}}); };
  if (auto what = read_protobuf(m.body)) bring(what->session, std::move(what->data), told);
  else told(hearing::gone);
  return promise;
}

hearing desk_state::hear(const std::string& session, std::string_view commands) const {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return hearing::gone;
  const auto who = found->second.lock();
  return who ? who->hear(commands) : hearing::gone;
}

desk_actor::behavior_type desk(desk_state::pointer self, std::size_t loop, std::shared_ptr<const desk_settings> settings) {
  return self->state.make_behavior(loop, std::move(settings));
}

} // namespace troupe::net::emulation
