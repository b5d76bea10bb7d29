// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How a client connects: who it is, which channels the server subscribes for it, the reply.
#include <troupe/centrifuge/client.hpp>

#include <utility>

namespace troupe::centrifuge {
namespace {

constexpr std::size_t max_held_events = 1024;

} // namespace

void client_state::on(std::uint32_t id, const connect_request& r) {
  if (stage_ != stage::waiting) return disconnect(close_reason::bad_request);
  if (!r.token.empty()) return disconnect(close_reason::invalid_token); // nothing verifies it
  if (profile_.user.empty() && !settings_->options.allow_anonymous_connect_without_token)
    return disconnect(close_reason::bad_request);
  const auto wanted = server_side_of(r);
  if (!wanted) return;
  stage_ = stage::connecting;
  connecting_ = std::make_unique<open_connect>();
  connecting_->id = id;
  connecting_->outstanding = wanted->size();
  if (wanted->empty()) return finish_connect();
  busy_ = true;
  for (const auto& [channel, wish] : *wanted)
    subscribe(channel, *settings_->channels->find(channel), wish, true,
              [this, channel = channel](subscribe_answer answer) {
                on_server_side(channel, std::move(answer));
              });
}

std::optional<std::map<std::string, subscribe_request>>
client_state::server_side_of(const connect_request& r) {
  const auto& channels = *settings_->channels;
  const auto& options = settings_->options;
  std::map<std::string, subscribe_request> wanted;
  if (options.subscribe_to_user_personal_channel && !profile_.user.empty())
    wanted[personal_channel(profile_.user, options.user_personal_channel_namespace,
                            channels.syntax())];
  for (const auto& [channel, wish] : r.subs) {
    const auto* in = channels.find(channel);
    if (!in) {
      disconnect(close_reason::bad_request);
      return std::nullopt;
    }
    const bool may = !channel.empty() && in->rule.accepts(channel, channels.syntax()) &&
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
  if (done->failed) {
    stage_ = stage::refused;
    subscriptions_.clear();
    fail(done->id, *done->failed);
    return arm();
  }
  stage_ = stage::connected;
  const auto& options = settings_->options;
  auto& told = done->result;
  told.client = profile_.id.to_string();
  told.version = settings_->version;
  if (!profile_.frame_pings && options.ping_interval.count() != 0) {
    told.ping = std::chrono::ceil<std::chrono::seconds>(options.ping_interval);
    told.pong = options.pong_timeout.count() != 0;
  }
  if (options.connect_include_server_time)
    told.time = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
  reply(done->id, std::move(told));
  flush(); // before the publications
  heartbeat_ = heartbeat{pulse(), self_->home().now(), spread_of(profile_.id)};
  arm();
  for (const auto& event : done->held) on_happened(event);
}

bool client_state::holds(const channel_event_ptr& event) {
  if (!connecting_) return false;
  if (connecting_->held.size() == max_held_events) disconnect(close_reason::insufficient_state);
  else connecting_->held.push_back(event);
  return true;
}

} // namespace troupe::centrifuge
