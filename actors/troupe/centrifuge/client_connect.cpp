// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How a client connects: who it is, which channels the server subscribes for it, the reply.
#include <troupe/centrifuge/client.hpp>
#include <troupe/centrifuge/roster.hpp>

#include <utility>

namespace troupe::centrifuge {
namespace {

constexpr std::size_t max_held_events = 1024;

} // namespace

void client_state::on(std::uint32_t id, const connect_request& r) {
  if (stage_ != stage::waiting) return disconnect(close_reason::bad_request);
  stage_ = stage::connecting;
  connecting_ = std::make_unique<open_connect>();
  connecting_->id = id;
  keep_emulated_headers(r);
  if (!r.token.empty()) {
    return verify(verify_connection{r.token},
                  [this, id, r](const connection_verdict& m) { on_verdict(id, r, m); });
  }
  if (settings_->asks_connect) return ask_to_connect(id, r);
  connect_without_credentials(id, r);
}

void client_state::connect_without_credentials(std::uint32_t id, const connect_request& r) {
  const auto& options = settings_->options;
  if (profile_.user.empty() && !options.allow_anonymous_connect_without_token && !options.insecure)
    return disconnect(close_reason::bad_request);
  admit(id, r, {});
}

void client_state::admit(std::uint32_t id, const connect_request& r, const grants& granted) {
  for (const auto& [channel, terms] : granted)
    if (!settings_->channels->find(channel)) return refuse(id, error_code::unknown_channel);
  const auto wanted = server_side_of(r, granted);
  if (wanted)
    enter([this, channels = *wanted, granted] { begin_connect(channels, granted); });
}

void client_state::enter(std::function<void()> then) {
  const auto settle = [this, then = std::move(then)](rates::verdict v) {
    if (v == rates::verdict::granted) enlist_user(then);
    else refuse(connecting_->id, error_code::too_many_requests);
  };
  const auto later = [this, settle](rates::verdict v) {
    busy_ = false;
    if (!line_.is_closing()) settle(v);
    if (!busy_) work();
  };
  if (const auto now = gate_.pass(self_, rates::operation::connect, {profile_.user, {}}, later)) settle(*now);
  else busy_ = true;
}

void client_state::enlist_user(std::function<void()> then) {
  if (settings_->rosters.empty() || profile_.user.empty()) return then();
  busy_ = true;
  const auto go_in = [this, then = std::move(then)] {
    if (line_.is_closing()) return;
    busy_ = false;
    then();
    work();
  };
  self_->request(roster_of(profile_.user, settings_->rosters), caf::infinite, enlist{profile_.user})
      .then(
          [this, go_in](const enlisted& m) {
            if (m.verdict == admission::granted) go_in();
            else disconnect(close_reason::connection_limit);
          },
          [go_in](const caf::error&) { go_in(); }); // at the server's end: there is nothing to guard
}

void client_state::begin_connect(const std::map<std::string, subscribe_request>& wanted,
                                 const grants& granted) {
  // Before the channels and the reply, so that observers hear of it first, and whoever has seen it can reach it as
  // this user.
  connecting_->who.user = profile_.user;
  self_->send(shard_, std::move(connecting_->who));
  is_known_ = true;
  connecting_->outstanding = wanted.size();
  if (wanted.empty()) return finish_connect();
  busy_ = true;
  for (const auto& [channel, wish] : wanted)
    subscribe(channel, *settings_->channels->find(channel), wish, subscription::source::server,
              granted.contains(channel) ? granted.at(channel) : subscription_terms{},
              [this, channel = channel](subscribe_answer answer) {
                on_server_side(channel, std::move(answer));
              });
}

std::optional<std::map<std::string, subscribe_request>>
client_state::server_side_of(const connect_request& r, const grants& granted) {
  const auto& channels = *settings_->channels;
  const auto& options = settings_->options;
  std::map<std::string, subscribe_request> wanted;
  for (const auto& [channel, terms] : granted) wanted[channel];
  if (options.subscribe_to_user_personal_channel && !profile_.user.empty())
    wanted[personal_channel(profile_.user, options.user_personal_channel_namespace,
                            channels.syntax())];
  for (const auto& [channel, wish] : r.subs) {
    const auto* in = channels.find(channel);
    if (!in) {
      disconnect(close_reason::bad_request);
      return std::nullopt;
    }
    const bool may = !channel.empty() && in->accepts(channel, channels.syntax()) &&
                     may_subscribe(in->options, channels.syntax(), channel, profile_.user);
    if (may || wanted.contains(channel)) wanted[channel] = wish;
  }
  if (wanted.size() > options.channel_limit) {
    disconnect(close_reason::channel_limit);
    return std::nullopt;
  }
  return wanted;
}

void client_state::on_server_side(const std::string& channel, subscribe_answer answer) {
  if (line_.is_closing()) return;
  if (auto* granted = std::get_if<subscribe_result>(&answer))
    connecting_->result.subs.emplace(channel, std::move(*granted));
  else
    connecting_->failed = std::get<error_code>(answer);
  if (--connecting_->outstanding == 0) {
    finish_connect();
    go_on();
  }
}

void client_state::finish_connect() {
  const auto done = std::move(connecting_);
  if (done->failed) return refuse(done->id, *done->failed);
  stage_ = stage::connected;
  const auto& options = settings_->options;
  auto& told = done->result;
  told.client = profile_.id.to_string();
  told.version = settings_->version;
  if (!settings_->asks_refresh) told.expires_in = expiry_of(end_);
  pulse_ = settings_->heartbeat ? settings_->heartbeat->get()
                                : heartbeat_settings{options.ping_interval, options.pong_timeout, {}};
  if (!profile_.frame_pings && pulse_.ping_interval.count() != 0) {
    told.ping = std::chrono::ceil<std::chrono::seconds>(pulse_.ping_interval);
    told.pong = pulse_.pong_timeout.count() != 0;
  }
  if (options.connect_include_server_time)
    told.time = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
  if (profile_.where) told.where = *profile_.where;
  reply(done->id, std::move(told));
  flush(); // before the publications
  heartbeat_ = heartbeat{pulse_, self_->home().now(), spread_of(profile_.id)};
  arm();
  for (const auto& event : done->held) on_happened({event});
}

void client_state::refuse(std::uint32_t id, error_result why) {
  stage_ = stage::refused;
  connecting_.reset();
  subscriptions_.clear();
  orders_.clear();
  reply(id, std::move(why));
  arm();
}

void client_state::push_later(const push_message& m) {
  if (orders_.size() == max_held_events) return disconnect(close_reason::insufficient_state);
  orders_.push_back([this, m] { push(m); });
}

bool client_state::holds(const channel_event_ptr& event) {
  if (!connecting_) return false;
  if (connecting_->held.size() == max_held_events) disconnect(close_reason::insufficient_state);
  else connecting_->held.push_back(event);
  return true;
}

} // namespace troupe::centrifuge
