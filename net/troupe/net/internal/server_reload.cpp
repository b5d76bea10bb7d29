// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What changes while everybody stays connected. Whoever reads it gets it in its own way: a message to the actor, a task
// on the loop, or a LIVE value.
#include <troupe/net/internal/server_impl.hpp>
#include <troupe/net/internal/tls_context.hpp>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

namespace troupe::net {

namespace {

/// @returns whether it was another one.
template <class T>
bool replace(T& had, const T& by) {
  if (had == by) return false;
  had = by;
  return true;
}

} // namespace

void server::impl::reload(const server_options& next) {
  check_channels(next.channels);
  reload_tokens(next.auth); // before all that cannot throw
  reload_channels(next.channels);
  reload_messages(next);
  reload_limits(next);
  if (replace(configured_.drain, next.drain)) drain_.set(next.drain);
  if (replace(configured_.api.key, next.api.key)) api_endpoint_->change_key(next.api.key);
  if (courier_ && !next.events.endpoint.empty())
    caf::anon_send(courier_, events::change_receiver{next.events.endpoint, next.events.secret,
                                                     next.events.previous_secret});
  reload_webhooks(next.webhook);
  if (auto& had = configured_.tls; !had.certificate.empty() && !next.tls.certificate.empty()) {
    had.certificate = next.tls.certificate;
    had.key = next.tls.key;
    had.min_version = next.tls.min_version;
  }
  reload_tls();
}

void server::impl::check_channels(const troupe::centrifuge::channels_config& next) const {
  const auto& all = next.namespaces;
  const auto is_there = [&](const std::string& name) {
    return name.empty() || std::ranges::any_of(all, [&](const auto& each) { return each.name == name; });
  };
  for (const auto& hook : hooked_)
    if (!is_there(hook)) throw std::invalid_argument{"namespace \"" + hook + "\": not configured"};
  const auto wants_store = [](const auto& each) { return each.options.history_persistent; };
  if (!store_ && (next.without_namespace.history_persistent || std::ranges::any_of(all, wants_store)))
    throw std::invalid_argument{"history_persistent needs history.directory"};
}

// The syntax of names stays: clients and channels have read it.
void server::impl::reload_channels(troupe::centrifuge::channels_config next) {
  auto& had = configured_.channels;
  if (had.without_namespace == next.without_namespace && had.namespaces == next.namespaces) return;
  next.syntax = had.syntax;
  next.max_name_bytes = had.max_name_bytes;
  had = next;
  names_->renew(configured_.client.insecure ? without_permissions(std::move(next)) : next);
  for (const auto& h : clients_->hubs)
    caf::anon_send(caf::actor_cast<troupe::centrifuge::hub_actor>(h), troupe::centrifuge::renew_channels{});
}

void server::impl::reload_tokens(auth::auth_options next) {
  next.separate_subscription = configured_.auth.separate_subscription;
  if (!authenticator_ || configured_.auth == next) return;
  (void)auth::verifier{next.connection}; // throws if it cannot be
  (void)auth::verifier{next.for_subscriptions()};
  configured_.auth = next;
  caf::anon_send(authenticator_, auth::renew_rules{std::move(next)});
}

// What an inspector may have changed meanwhile stays, unless the configuration says something new.
void server::impl::reload_messages(const server_options& next) {
  auto& had = configured_;
  const bool allows_others = replace(had.websocket.allowed_origins, next.websocket.allowed_origins);
  if (replace(had.websocket.allow_missing_origin, next.websocket.allow_missing_origin) || allows_others)
    context_.routes.change_origins(had.websocket);
  if (replace(had.websocket.policy, next.websocket.policy)) settings_->policy.set(next.websocket.policy);
  if (replace(had.outbox.max_bytes, next.outbox.max_bytes)) context_.max_bytes = next.outbox.max_bytes;
  if (replace(had.client.queue_max_size, next.client.queue_max_size))
    context_.queue_max_size = next.client.queue_max_size;
  if (replace(had.heartbeat, next.heartbeat)) settings_->heartbeat.set(next.heartbeat);
  const bool pings_otherwise = replace(had.client.ping_interval, next.client.ping_interval);
  if (replace(had.client.pong_timeout, next.client.pong_timeout) || pings_otherwise)
    clients_->heartbeat->set({next.client.ping_interval, next.client.pong_timeout, {}});
}

void server::impl::reload_limits(const server_options& next) {
  if (replace(configured_.rates, next.rates)) limits_->options.set(next.rates);
  loops_.front()->post([this, limit = next.limit] { // where they are read
    gate_->change(limit);
    context_.options.limit.accepts_per_second = limit.accepts_per_second;
  });
}

// Which webhooks there are is settled, and what the edge does for them: clients and sessions have read it.
void server::impl::reload_webhooks(webhooks::webhook_options next) {
  const auto& had = configured_.webhook;
  using webhooks::webhook_options;
  for (const auto url : {&webhook_options::connect, &webhook_options::refresh, &webhook_options::subscribe,
                         &webhook_options::publish, &webhook_options::sub_refresh, &webhook_options::rpc})
    if ((had.*url).empty() || (next.*url).empty()) next.*url = had.*url;
  next.http_headers = had.http_headers;
  next.emulated_headers = had.emulated_headers;
  next.max_open = had.max_open;
  next.max_waiting = had.max_waiting;
  if (replace(configured_.webhook, next)) asks_.set(std::move(next));
}

void server::impl::reload_tls() {
  if (configured_.tls.certificate.empty()) return;
  try {
    auto tls = load_tls(configured_.tls);
    loops_.front()->post([this, tls = std::move(tls)] {
      for (auto& l : listeners_) l->renew(tls);
      context_.log.write(severity::info, "certificate_reloaded", {});
    });
  } catch (const std::exception& e) {
    context_.log.write(severity::error, "certificate_kept", {{"reason", e.what()}});
  }
}

} // namespace troupe::net
