// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The session with another node, and what actors here ask it.
#include <troupe/cluster/peer.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace troupe::cluster {

using namespace troupe::centrifuge;

namespace {

broadcast as_broadcast(const delivery& d) { return {d.to, d.message, {}, d.policy, d.key}; }

} // namespace

peer_state::~peer_state() {
  for (auto& [number, open] : questions_) open.answer(nullptr);
}

peer_actor::behavior_type peer_state::make_behavior(std::shared_ptr<const peer_settings> settings, std::string uid,
                                                    std::uint64_t session, bool is_new, peer_owner owner,
                                                    node_api_actor api) {
  settings_ = std::move(settings);
  uid_ = std::move(uid);
  mine_ = session;
  is_new_ = is_new;
  owner_ = std::move(owner);
  api_ = std::move(api);
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { self_->quit(m.reason); }); // of the engine
  self_->monitor(owner_);
  greet();
  constexpr auto busy = error_code::too_many_requests;
  constexpr auto failed = error_code::internal;
  static constexpr stream_adopted not_now{stream_adopted::outcome::later};
  return {
    [this](subscribe_channel& m) {
      m.via = nullptr;
      return ask<subscribe_answered>(std::move(m), {busy, 0}, {failed, 0});
    },
    [this](unsubscribe_channel& m) { return ask<unsubscribed>(std::move(m), {}, {}); },
    [this](publish_channel& m) {
      m.via = nullptr;
      return ask<publish_answered>(std::move(m), {busy}, {failed});
    },
    [this](get_presence& m) { return ask<presence_answered>(std::move(m), {busy}, {failed}); },
    [this](get_presence_stats& m) { return ask<presence_stats_answered>(std::move(m), {busy}, {failed}); },
    [this](get_history& m) { return ask<history_answered>(std::move(m), {busy}, {failed}); },
    [this](remove_history& m) { return ask<remove_history_answered>(std::move(m), {busy}, {failed}); },
    [this](const fan_out_event& m) { return on_event(m); },
    [this](const close_elsewhere& m) { send(m); },
    [this](const publish_match& m) { return on_match(m); },
    [this](const watch_pattern& m) {
      return ask<watching>(distant_watch{m.who.pattern, m.what}, {}, {});
    },
    [this](const relay& m) { on_relay(m); },
    [this](const confirm_fan_out& m) { return ask<receipt>(distant_confirm{as_broadcast(*m.what)}, {}, {}); },
    [this](const change_membership& m) { return ask<receipt>(m, {}, {}); },
    [this](const close_connections& m) { return ask<receipt>(m, {}, {}); },
    [this](node_call& m) { return ask<node_answer>(std::move(m), {}, {}); },
    [this](const handed_over& m) { send(m); },
    [this](const abandon_channel& m) {
      if (met() && !send(m)) lose("no room for members that have left");
    },
    [this](want_stream& m) { return ask<stream_sought>(std::move(m), {}, {}); },
    [this](adopt_stream& m) { return ask<stream_adopted>(std::move(m), not_now, not_now); },
    [this](const packet_arrived& m) { on_packet(*m.what); },
    [this](const peer_tick&) { on_tick(); },
  };
}

// -- to that node -----------------------------------------------------------------------------------

template <class Answer, class Question>
peer_state::promise<Answer> peer_state::ask(Question&& what, Answer refused, Answer failed) {
  auto to = self_->make_response_promise<Answer>();
  const auto number = asked_ + 1;
  if (!met()) { // it is begun anew with that node
    settings_->figures->questions_lost.add();
    to.deliver(std::move(failed));
    return to;
  }
  if (questions_.size() >= settings_->max_questions || !send(std::forward<Question>(what), number)) {
    settings_->figures->questions_lost.add();
    to.deliver(std::move(refused));
    return to;
  }
  asked_ = number;
  auto answer = [to, failed = std::move(failed), figures = settings_->figures](content* said) mutable {
    if (auto* it = said ? std::get_if<Answer>(said) : nullptr) return void(to.deliver(std::move(*it)));
    figures->questions_lost.add();
    to.deliver(std::move(failed));
  };
  questions_.emplace(number, question{std::move(answer), self_->clock().now() + settings_->patience});
  return to;
}

bool peer_state::send(content what, std::uint64_t number) {
  const auto bytes = bytes_of(what);
  if (std::holds_alternative<handed_over>(what)) { // it is waited for, and comes once for each change of who owns
    settings_->budget->take_always(bytes);
  } else if (settings_->budget->take(bytes) == acceptance::over_budget) {
    settings_->figures->dropped.add();
    return false;
  }
  auto p = std::make_shared<packet>(packet{settings_->self, mine_, theirs_, ++sent_, number, std::move(what)});
  self_->send(settings_->link, transmit{uid_, std::move(p), bytes});
  return true;
}

void peer_state::greet() {
  auto p = std::make_shared<packet>(packet{settings_->self, mine_, theirs_, sent_, 0, greeting{settings_->name, settings_->version, is_new_}});
  settings_->budget->take_always(sizeof(packet));
  self_->send(settings_->link, transmit{uid_, std::move(p), sizeof(packet)});
}

fanned_out peer_state::on_event(const fan_out_event& m) {
  const auto& e = *m.event;
  if (!met()) return fanned_out{e.sequence}; // it has no subscribers here any more
  distant_event told{e.channel, e.what, e.publication, e.origin_of ? *e.origin_of : event_origin{}, e.why};
  if (told.origin.exclude_at != self_->id()) told.origin.exclude = {};
  if (!send(std::move(told))) lose("no room for an event"); // its subscribers must know
  return fanned_out{e.sequence};
}

fanned_out peer_state::on_match(const publish_match& m) {
  send(distant_match{m.pattern, m.channel, m.publication, m.key});
  return {};
}

void peer_state::on_relay(const relay& m) {
  distant_broadcasts all;
  for (const auto& d : m.deliveries) all.what.push_back(as_broadcast(*d));
  send(std::move(all));
}

void peer_state::on_tick() {
  const auto now = self_->clock().now();
  while (!questions_.empty() && questions_.begin()->second.until <= now)
    questions_.extract(questions_.begin()).mapped().answer(nullptr);
  greet();
}

// -- from that node ---------------------------------------------------------------------------------

void peer_state::lose(const char* what) {
  settings_->figures->sessions_lost.add();
  self_->quit(caf::make_error(caf::sec::runtime_error, what));
}

void peer_state::on_packet(packet& p) {
  if (p.heard != 0 && p.heard != mine_) return; // for one before this; it will hear of this one
  if (theirs_ != 0 && p.session != theirs_) return lose("it has begun anew");
  const bool had_met = met();
  if (const auto* m = std::get_if<greeting>(&p.what)) theirs_said_ = *m;
  theirs_ = p.session;
  they_heard_ = they_heard_ || p.heard == mine_;
  if (!had_met && met()) self_->send(owner_, peer_met{uid_, theirs_said_.name, theirs_said_.version, theirs_said_.is_new});
  if (std::holds_alternative<greeting>(p.what)) {
    if (p.number != received_) return lose("something of it is missing");
    if (p.heard == 0) greet();
    return;
  }
  if (p.number != received_ + 1) return lose("something of it is missing");
  received_ = p.number;
  serve(p);
}

peer_actor::behavior_type peer(peer_state::pointer self, std::shared_ptr<const peer_settings> settings, std::string uid,
                               std::uint64_t session, bool is_new, peer_owner owner, node_api_actor api) {
  return self->state.make_behavior(std::move(settings), std::move(uid), session, is_new, std::move(owner), std::move(api));
}

} // namespace troupe::cluster
