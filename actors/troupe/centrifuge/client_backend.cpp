// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What the application's own server decides about a client, where no token does: who it is, what it may do, and
// whether it goes on when its time is over.
#include <troupe/centrifuge/client.hpp>
#include <troupe/centrifuge/disconnects.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

namespace troupe::centrifuge {
namespace {

using namespace std::chrono_literals;

constexpr auto ask_again = 60s; // when nobody could tell whether it goes on

denial try_again() { return {error_result{error_code::internal}, {}}; }

bool is_same_header(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// What would break the request that it is passed on in.
bool is_header_value(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c == '\t' || (c >= ' ' && c < 0x7f); });
}

} // namespace

asking_client client_state::about_me() const {
  return {profile_.id.to_string(), profile_.user, profile_.origin.over, meta_, profile_.headers};
}

/// @returns whether the client may still be told something.
bool client_state::deny(const denial& no) {
  if (no.close.reason == close_reason::none) return true;
  close(translated(no.close), closing::handshake);
  return false;
}

// -- connecting ---

void client_state::keep_emulated_headers(const connect_request& r) {
  if (r.headers.empty() || settings_->emulated_headers.empty()) return;
  auto all = profile_.headers ? *profile_.headers : request_headers{};
  for (const auto& wanted : settings_->emulated_headers)
    for (const auto& [header, value] : r.headers)
      if (is_same_header(header, wanted) && is_header_value(value)) all.emplace_back(wanted, value);
  profile_.headers = std::make_shared<const request_headers>(std::move(all));
}

void client_state::ask_to_connect(std::uint32_t id, const connect_request& r) {
  ask_connect question{about_me(), r.data, r.name, r.version, {}};
  for (const auto& [channel, wish] : r.subs) question.channels.push_back(channel);
  await_answer<connect_ruling>(settings_->backend, std::move(question), {try_again()},
               [this, id, r](const connect_ruling& m) { on_ruling(id, r, m); });
}

void client_state::on_ruling(std::uint32_t id, const connect_request& r, const connect_ruling& m) {
  if (const auto* no = std::get_if<denial>(&m.value)) {
    if (deny(*no)) refuse(id, no->error);
    return;
  }
  const auto* yes = std::get_if<admittance>(&m.value);
  if (!yes) return connect_without_credentials(id, r);
  identify(yes->grant);
  for (const auto& [channel, terms] : yes->grant.subs) granted_.insert(channel);
  connecting_->result.data = yes->data;
  admit(id, r, yes->grant.subs);
}

// -- subscribing and publishing ---

bool client_state::is_asked_about(const channel_options& options, const std::string& channel) const {
  const auto& syntax = settings_->channels->syntax();
  return options.subscribe_proxy_enabled && !is_private(channel, syntax) &&
         !(options.allow_user_limited_channels && is_user_limited(channel, syntax));
}

void client_state::ask_to_subscribe(std::uint32_t id, const subscribe_request& r) {
  await_answer<subscribe_ruling>(settings_->backend, ask_subscribe{about_me(), r.channel, r.data}, {try_again()},
               [this, id, r](const subscribe_ruling& m) {
                 if (const auto* no = std::get_if<denial>(&m.value)) {
                   if (deny(*no)) reply(id, no->error);
                   return;
                 }
                 const auto& yes = std::get<subscription_admittance>(m.value);
                 subscribe_client(id, r, yes.terms, end_of(yes.expires_in));
               });
}

void client_state::ask_to_publish(std::uint32_t id, const publish_request& r) {
  await_answer<publish_ruling>(settings_->backend, ask_publish{about_me(), r.channel, r.data}, {try_again()},
               [this, id, r](const publish_ruling& m) {
                 if (const auto* no = std::get_if<denial>(&m.value)) {
                   if (deny(*no)) reply(id, no->error);
                   return;
                 }
                 publish(id, r, std::get<publication_terms>(m.value));
               });
}

// -- going on ---

void client_state::ask_to_go_on() {
  end_ = self_->home().now() + ask_again; // unless there is an answer
  self_->request(settings_->backend, caf::infinite, ask_refresh{about_me()})
      .then([this](const refresh_ruling& m) { on_ruling(m); }, [](const caf::error&) {});
}

void client_state::on_ruling(const refresh_ruling& m) {
  if (line_.is_closing()) return;
  if (std::holds_alternative<time_is_over>(m.value)) return disconnect(close_reason::connection_expired);
  if (const auto* no = std::get_if<denial>(&m.value)) return void(deny(*no));
  const auto* yes = std::get_if<renewal>(&m.value);
  if (!yes) return;
  if (!yes->info.empty()) info_ = yes->info;
  if (!yes->meta.empty()) meta_ = yes->meta;
  end_ = end_of(yes->expires_in);
  arm();
}

void client_state::ask_to_go_on(subscriptions::iterator over) {
  const auto& channel = over->first;
  set_end(over->second, self_->home().now() + ask_again);
  self_->request(settings_->backend, caf::infinite, ask_sub_refresh{about_me(), channel})
      .then([this, channel](const refresh_ruling& m) { on_ruling(channel, m); }, [](const caf::error&) {});
}

void client_state::on_ruling(const std::string& channel, const refresh_ruling& m) {
  const auto found = subscriptions_.find(channel);
  if (line_.is_closing() || found == subscriptions_.end()) return;
  if (std::holds_alternative<time_is_over>(m.value)) {
    if (found->second.server_side()) return disconnect(close_reason::subscription_expired);
    end_subscription(found, unsubscribe_code::subscription_expired, true);
    return flush();
  }
  if (const auto* no = std::get_if<denial>(&m.value)) return void(deny(*no));
  const auto* yes = std::get_if<renewal>(&m.value);
  if (!yes) return;
  if (!yes->info.empty()) found->second.inform(yes->info);
  set_end(found->second, end_of(yes->expires_in));
}

} // namespace troupe::centrifuge
