// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/cluster/engine.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::cluster {

using namespace troupe::centrifuge;

namespace {

constexpr std::size_t most_gone = 1000; // that are remembered

} // namespace

engine_actor::behavior_type engine_state::make_behavior(engine_settings settings) {
  settings_ = std::move(settings);
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  self_->set_exit_handler([this](const caf::exit_msg& m) { on_exit(m); });
  return {
    [this](const peer_met& m) { on_met(m); },
    [this](const peer_handed_over& m) { on_handed_over(m); },
    [this](const begin_cluster& m) { on_begin(m); },
    [this](const leave_cluster&) { on_leave(); },
    [this](const await_place&) { return on_await(); },
    [this](const relay& m) { on_relay(m); },
    [this](const confirm_fan_out& m) { return ask_all(m); },
    [this](const change_membership& m) { return ask_all(m); },
    [this](const close_connections& m) { return ask_all(m); },
    [this](const watch_pattern& m) { return on_watch(m); },
    [this](const ask_nodes& m) { return on_ask(m); },
    [this](const list_nodes&) { return on_list(); },
    [this](const packet_came& m) { on_packet(m); },
    [this](const beat_came& m) { on_beat(m); },
    [this](const link_changed& m) { on_link(m); },
    [this](const engine_tick&) { on_tick(); },
    [this](const engine_join&) { on_join(); },
  };
}

// -- who is there -----------------------------------------------------------------------------------

void engine_state::on_begin(const begin_cluster& m) {
  link_ = m.link;
  hubs_ = m.hubs;
  api_ = m.api;
  name_ = m.name;
  version_ = m.version;
  for_peers_ = std::make_shared<const peer_settings>(peer_settings{.self = settings_.uid,
                                                                   .name = m.name,
                                                                   .version = m.version,
                                                                   .link = m.link,
                                                                   .registry = m.registry,
                                                                   .hubs = m.hubs,
                                                                   .budget = settings_.budget,
                                                                   .figures = settings_.figures});
  tell_view();
  on_tick();
}

void engine_state::announce(bool gone) {
  if (link_) self_->send(link_, announce_node{{settings_.uid, name_, version_, leaving_, gone, joining_}});
}

void engine_state::on_tick() {
  const auto now = self_->clock().now();
  // If this process stood still it has not heard of anybody, and what they said is still to come.
  const bool stood_still = now - ticked_ > settings_.options.timeout / 2;
  ticked_ = now;
  if (stood_still) echoed_ = now;
  if (connected_ && now - echoed_ >= settings_.options.timeout / 2) connect(false);
  for (auto& [uid, n] : nodes_) {
    if (stood_still || !connected_) n.heard = now;
    if (now - n.heard >= settings_.options.timeout) self_->send_exit(n.who, caf::exit_reason::unreachable);
    else self_->send(n.who, peer_tick{});
  }
  announce();
  self_->delayed_send(self_, settings_.options.beat, engine_tick{});
}

engine_state::node& engine_state::heard_of(const std::string& uid) {
  auto& n = nodes_[uid];
  n.heard = self_->clock().now();
  if (!n.who) {
    spawn_peer(uid, n, true);
    announce(); // it need not wait for it
  }
  return n;
}

void engine_state::spawn_peer(const std::string& uid, node& n, bool is_new) {
  n.who = self_->system().spawn(peer, for_peers_, uid, settings_.new_session(), is_new, peer_owner{engine_actor{self_}}, api_);
  n.met = false;
  n.told.reset();
  self_->monitor(n.who);
}

void engine_state::on_packet(const packet_came& m) {
  if (!for_peers_ || m.what->from == settings_.uid || m.what->from.empty()) return;
  self_->send(heard_of(m.what->from).who, packet_arrived{m.what});
}

void engine_state::on_beat(const beat_came& m) {
  const auto& b = m.what;
  if (b.from == settings_.uid) {
    echoed_ = self_->clock().now();
    if (linked_) connect(true);
    return;
  }
  if (!for_peers_ || b.from.empty()) return;
  if (b.gone) {
    if (const auto found = nodes_.find(b.from); found != nodes_.end())
      self_->send_exit(found->second.who, caf::exit_reason::user_shutdown);
    return;
  }
  auto& n = heard_of(b.from);
  n.name = b.name;
  n.version = b.version;
  const bool owned = n.owns();
  n.joining = b.joining;
  if (!std::exchange(n.leaving, b.leaving) && b.leaving && n.counts)
    settings_.log->write(severity::info, "node_leaving", {{"node", n.name}, {"uid", b.from}});
  if (n.counts && n.owns() != owned) tell_view();
}

void engine_state::on_link(const link_changed& m) {
  linked_ = m.connected;
  if (linked_) announce(); // it will come back
  else connect(false);
}

void engine_state::connect(bool connected) {
  if (std::exchange(connected_, connected) == connected) return;
  settings_.figures->connected.set(connected ? 1 : 0);
  if (!connected) settings_.figures->disconnects.add();
  if (connected) settings_.log->write(severity::info, "broker_connected", {});
  else settings_.log->write(severity::warning, "broker_lost", {{"effect", "publications are refused until it is back"}});
  const auto now = self_->clock().now();
  for (auto& [uid, n] : nodes_) n.heard = now;
  if (connected && joining_) {
    joins_ = now + settings_.options.join;
    self_->delayed_send(self_, settings_.options.join, engine_join{});
  }
  tell_view();
  take_place();
}

void engine_state::on_join() {
  if (!joining_ || !connected_) return;
  const auto now = self_->clock().now();
  // Others may be slow to answer. Those that never do are no owners for this node, nor is it one for them.
  const bool all_met = std::ranges::all_of(nodes_, [](const auto& n) { return n.second.met; });
  if (now < *joins_ || (!all_met && now < *joins_ + settings_.options.timeout))
    return self_->delayed_send(self_, settings_.options.join / 5, engine_join{});
  joining_ = false;
  settings_.log->write(severity::info, "cluster_joined", {{"nodes", std::to_string(nodes_.size())}});
  announce();
  tell_view();
}

void engine_state::on_leave() {
  leaving_ = true;
  announce();
  tell_view();
}

void engine_state::on_met(const peer_met& m) {
  const auto found = nodes_.find(m.uid);
  if (found == nodes_.end() || found->second.who != self_->current_sender()) return;
  auto& n = found->second;
  const bool was_known = n.counts || std::ranges::find(gone_, m.uid) != gone_.end();
  n.met = n.counts = true;
  n.name = m.name;
  n.version = m.version;
  settings_.log->write(severity::info, "node_met", {{"node", n.name}, {"uid", m.uid}, {"version", n.version}});
  tell_patterns(n.who);
  // It has owned this node's channels meanwhile.
  const bool renounce = m.was_new && was_known;
  if (renounce) settings_.log->write(severity::warning, "channels_renounced", {{"node", n.name}, {"uid", m.uid}});
  tell_view(renounce);
}

void engine_state::on_handed_over(const peer_handed_over& m) {
  const auto found = std::ranges::find_if(nodes_, [&](const auto& n) { return n.second.who == self_->current_sender(); });
  if (found == nodes_.end()) return;
  auto& n = found->second;
  const bool was_settled = is_settled(n);
  n.said = m.as;
  if (n.counts && is_settled(n) != was_settled) tell_view();
}

bool engine_state::is_settled(const node& n) const noexcept {
  return n.said && n.said->you_own == owns() && (n.said->i_leave || !n.leaving);
}

void engine_state::on_down(const caf::down_msg& m) {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& n) { return n.second.who.address() == m.source; });
  if (found == nodes_.end()) return;
  auto& [uid, n] = *found;
  const bool said_goodbye = m.reason == caf::exit_reason::user_shutdown;
  const bool is_gone = said_goodbye || m.reason == caf::exit_reason::unreachable;
  const bool counted = n.counts;
  const char* what = said_goodbye ? "node_gone" : is_gone ? "node_lost" : "node_session_lost";
  if (counted)
    settings_.log->write(said_goodbye ? severity::info : severity::warning, what,
                         {{"node", n.name}, {"uid", uid}, {"reason", self_->system().render(m.reason)}});
  if (is_gone) {
    gone_.push_back(uid);
    if (gone_.size() > most_gone) gone_.pop_front();
    nodes_.erase(found); // the next sign of life begins anew
  } else {
    spawn_peer(uid, n, !n.counts); // its channels stay its own
  }
  if (counted) tell_view();
}

void engine_state::on_exit(const caf::exit_msg& m) {
  announce(true);
  for (const auto& [uid, n] : nodes_) self_->send_exit(n.who, m.reason);
  self_->quit(m.reason);
}

void engine_state::tell_view(bool renounce) {
  std::vector<view::other> others;
  for (const auto& [uid, n] : nodes_)
    if (n.counts) others.push_back({uid, n.who, n.owns(), is_settled(n)});
  settings_.figures->nodes.set(others.size());
  // While it has not joined, and knows no owner, others may have the channels that it takes for its own.
  const bool is_alone = std::ranges::none_of(others, &view::other::owns);
  const auto now = std::make_shared<const view>(settings_.uid, std::move(others), connected_ && !(joining_ && is_alone), owns());
  unsettled_ = hubs_.size();
  const auto settled = [this, told = ++views_] {
    if (told == views_ && --unsettled_ == 0) on_settled();
  };
  for (const auto& hub : hubs_)
    self_->request(hub, caf::infinite, view_changed{now, renounce})
      .then([settled](const view_settled&) { settled(); }, [settled](const caf::error&) { settled(); }); // gone
}

void engine_state::on_settled() {
  for (auto& [uid, n] : nodes_) {
    const handed_over as{n.owns(), leaving_};
    if (!n.met || n.told == as) continue;
    n.told = as;
    self_->send(n.who, as);
  }
  take_place();
}

caf::typed_response_promise<place_taken> engine_state::on_await() {
  auto promise = self_->make_response_promise<place_taken>();
  waiting_.push_back(promise);
  take_place();
  return promise;
}

void engine_state::take_place() {
  const bool is_there = leaving_ ? unsettled_ == 0 || !connected_ : !joining_ && unsettled_ == 0;
  if (!is_there || !for_peers_) return;
  if (leaving_ && !std::exchange(left_, true)) settings_.log->write(severity::info, "cluster_left", {});
  for (auto& promise : std::exchange(waiting_, {})) promise.deliver(place_taken{});
}

// -- to all nodes -----------------------------------------------------------------------------------

void engine_state::on_relay(const relay& m) {
  for (const auto& [uid, n] : nodes_)
    if (n.met) self_->send(n.who, m);
  settings_.relay_budget->give_back(m.bytes);
}

template <class Question>
caf::typed_response_promise<receipt> engine_state::ask_all(const Question& m) {
  struct sum {
    receipt total;
    std::size_t missing = 1; // until all are asked
    caf::typed_response_promise<receipt> promise;
  };
  const auto all = std::make_shared<sum>(sum{{}, 1, self_->make_response_promise<receipt>()});
  const auto arrived = [all](const receipt& r) {
    all->total.matched += r.matched;
    all->total.queued += r.queued;
    all->total.dropped += r.dropped;
    if (--all->missing == 0) all->promise.deliver(all->total);
  };
  for (const auto& [uid, n] : nodes_) {
    if (!n.met) continue;
    ++all->missing;
    self_->request(n.who, caf::infinite, m).then(arrived, [arrived](const caf::error&) { arrived({}); });
  }
  arrived({});
  return all->promise;
}

caf::typed_response_promise<watching> engine_state::on_watch(const watch_pattern& m) {
  if (m.what == watch_pattern::action::begin) patterns_.insert_or_assign(m.who.pattern, m.who);
  else patterns_.erase(m.who.pattern);
  auto promise = self_->make_response_promise<watching>();
  const auto missing = std::make_shared<std::size_t>(1); // until all are asked
  std::function<void()> known = [missing, promise]() mutable {
    if (--*missing == 0) promise.deliver(watching{});
  };
  for (const auto& [uid, n] : nodes_) {
    if (!n.met) continue;
    ++*missing;
    self_->request(n.who, caf::infinite, m)
      .then([known](const watching&) { known(); }, [known](const caf::error&) { known(); });
  }
  known();
  return promise;
}

void engine_state::tell_patterns(const peer_actor& to) {
  for (const auto& [pattern, who] : patterns_)
    self_->request(to, caf::infinite, watch_pattern{who, watch_pattern::action::begin})
      .then([](const watching&) {}, [](const caf::error&) {});
}

caf::typed_response_promise<nodes_said> engine_state::on_ask(const ask_nodes& m) {
  struct open_call {
    nodes_said said;
    std::size_t missing = 1;
    caf::typed_response_promise<nodes_said> promise;
  };
  const auto all = std::make_shared<open_call>(open_call{{}, 1, self_->make_response_promise<nodes_said>()});
  const auto arrived = [all] {
    if (--all->missing == 0) all->promise.deliver(std::move(all->said));
  };
  for (const auto& [uid, n] : nodes_) {
    if (!n.met || (!m.uid.empty() && m.uid != uid)) continue;
    ++all->missing;
    self_->request(n.who, caf::infinite, m.what)
      .then(
        [all, arrived](const node_answer& a) {
          if (a.body.empty()) ++all->said.missing;
          else all->said.answers.push_back(a);
          arrived();
        },
        [all, arrived](const caf::error&) {
          ++all->said.missing;
          arrived();
        });
  }
  arrived();
  return all->promise;
}

listed_nodes engine_state::on_list() const {
  listed_nodes all{connected_, {{settings_.uid, name_, version_, true, joining_, leaving_, true, {}}}};
  for (const auto& [uid, n] : nodes_)
    all.nodes.push_back({uid, n.name, n.version, false, n.joining, n.leaving, n.met,
                         std::chrono::duration_cast<std::chrono::milliseconds>(self_->clock().now() - n.heard)});
  return all;
}

engine_actor::behavior_type engine(engine_state::pointer self, engine_settings settings) {
  return self->state.make_behavior(std::move(settings));
}

} // namespace troupe::cluster
