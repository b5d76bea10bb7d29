// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/reload.hpp"

#include "app/configuration.hpp"
#include "app/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace troupe::app {

namespace {

bool always(const settings&, const settings&) { return true; }

bool had_tls(const settings& started, const settings& read) {
  return !started.server.tls.certificate.empty() && !read.server.tls.certificate.empty();
}

bool had_keys(const settings& started, const settings&) {
  const auto& of = started.server.auth;
  return of.connection.has_keys() || of.for_subscriptions().has_keys();
}

bool counted_addresses(const settings& started, const settings&) {
  return started.server.limit.connections_per_address != 0;
}

bool had_events(const settings& started, const settings& read) {
  return !started.server.events.endpoint.empty() && !read.server.events.endpoint.empty();
}

/// The one webhook of that URL.
template <std::string net::webhooks::webhook_options::* Url>
bool had_webhook(const settings& started, const settings& read) {
  return !(started.server.webhook.*Url).empty() && !(read.server.webhook.*Url).empty();
}

bool had_webhooks(const settings& started, const settings&) { return started.server.webhook.any(); }

/// What net::server::reload(), the log and the console take over.
struct reloadable {
  std::string_view key; ///< Whole, or ending with a dot: all that begin with it.
  bool (*can)(const settings& started, const settings& read) = always;
};

constexpr reloadable all_reloadable[] = {
    {"tls.certificate", had_tls},
    {"tls.key", had_tls},
    {"tls.min_version", had_tls},
    {"api.key"},
    {"websocket.policy"},
    {"websocket.allowed_origins"},
    {"websocket.allow_missing_origin"},
    {"limit.connections"},
    {"limit.connections_per_address", counted_addresses},
    {"limit.accepts_per_second"},
    {"outbox.max_bytes"},
    {"drain."},
    {"rate."},
    {"heartbeat."},
    {"client.ping_interval"},
    {"client.pong_timeout"},
    {"client.queue_max_size"},
    {"client.token.", had_keys},
    {"client.subscription_token.", had_keys},
    {"events.endpoint", had_events},
    {"events.secret", had_events},
    {"events.previous_secret", had_events},
    {"webhook.connect", had_webhook<&net::webhooks::webhook_options::connect>},
    {"webhook.refresh", had_webhook<&net::webhooks::webhook_options::refresh>},
    {"webhook.subscribe", had_webhook<&net::webhooks::webhook_options::subscribe>},
    {"webhook.publish", had_webhook<&net::webhooks::webhook_options::publish>},
    {"webhook.sub_refresh", had_webhook<&net::webhooks::webhook_options::sub_refresh>},
    {"webhook.rpc", had_webhook<&net::webhooks::webhook_options::rpc>},
    {"webhook.timeout", had_webhooks},
    {"webhook.static_headers", had_webhooks},
    {"webhook.status_codes", had_webhooks},
    {"webhook.binary_encoding", had_webhooks},
    {"webhook.include_connection_meta", had_webhooks},
    {"webhook.breaker_failures", had_webhooks},
    {"webhook.breaker_pause", had_webhooks},
    {"log.level"},
    {"log.lines_per_second"},
    {"console.operator_token"},
    {"console.read_only_token"},
};

/// Of those that begin as others do: where keys come from is settled at the start.
constexpr std::string_view never[] = {"client.token.jwks_public_endpoint", "client.subscription_token.enabled",
                                      "client.subscription_token.jwks_public_endpoint"};

/// Null if it takes a restart in any case.
const reloadable* find(std::string_view key) {
  if (std::ranges::find(never, key) != std::end(never))
    return nullptr;
  const auto* found = std::ranges::find_if(all_reloadable, [&](const reloadable& one) {
    return one.key.ends_with('.') ? key.starts_with(one.key) : key == one.key;
  });
  return found != std::end(all_reloadable) ? found : nullptr;
}

std::vector<std::string> all_of(const reload_plan& plan) {
  auto keys = plan.changed;
  keys.insert(keys.end(), plan.waiting.begin(), plan.waiting.end());
  return keys;
}

} // namespace

reload_plan plan_reload(const settings& started, const settings& now, const settings& read) {
  reload_plan plan{.next = now, .changed = {}, .waiting = {}};
  for (const auto& option : options()) {
    if (option.get(now) == option.get(read))
      continue;
    const auto* rule = find(option.key);
    const bool changes = rule && rule->can(started, read);
    if (changes)
      option.copy(plan.next, read);
    (changes ? plan.changed : plan.waiting).push_back(option.key);
  }
  const auto& had = now.server.channels;
  const auto& has = read.server.channels;
  auto& next = plan.next.server.channels;
  if (had.without_namespace != has.without_namespace) {
    next.without_namespace = has.without_namespace;
    plan.changed.emplace_back("channel.without_namespace");
  }
  if (had.namespaces != has.namespaces) {
    next.namespaces = has.namespaces;
    plan.changed.emplace_back("channel.namespaces");
  }
  return plan;
}

void require_valid(const reload_plan& plan) {
  try {
    configuration{plan.next, "until the next start"}.validate();
  } catch (const config_error& error) {
    throw config_error{fmt::format("{}; new in the configuration: {}", error.what(), fmt::join(all_of(plan), ", "))};
  }
}

std::string to_text(const reload_plan& plan) {
  auto text = plan.changed.empty() ? std::string{"nothing changed"}
                                   : fmt::format("changed: {}", fmt::join(plan.changed, ", "));
  if (!plan.waiting.empty())
    text += fmt::format("; for the next start: {}", fmt::join(plan.waiting, ", "));
  return text;
}

std::vector<std::string> reloadable_keys() {
  std::vector<std::string> keys;
  for (const auto& option : options())
    if (find(option.key))
      keys.push_back(option.key);
  return keys;
}

void reload_requests::add(outcome tell) {
  {
    const std::lock_guard lock{mutex_};
    if (ended_.empty())
      return waiting_.push_back(std::move(tell));
  }
  tell(ended_, false); // nobody writes it any more
}

void reload_requests::end(std::string why) {
  {
    const std::lock_guard lock{mutex_};
    ended_ = std::move(why);
  }
  answer(ended_, false);
}

void reload_requests::answer(const std::string& text, bool done) {
  std::vector<outcome> told;
  {
    const std::lock_guard lock{mutex_};
    told.swap(waiting_);
  }
  for (const auto& tell : told)
    tell(text, done);
}

} // namespace troupe::app
