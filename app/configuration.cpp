// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/configuration.hpp"

#include "app/escape.hpp"
#include "app/values.hpp"

#include <troupe/net/auth/verifier.hpp>
#include <troupe/outbox.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>

#include <fcntl.h>
#include <unistd.h>

namespace troupe::app {

namespace {

/// What must hold between two options.
template <class Of>
struct rule {
  std::string_view subject;
  std::string_view phrase; ///< Joins both in the message.
  std::string_view object;
  bool (*holds)(const Of&);
};

constexpr rule<net::server_options> rules[] = {
    {"tls.certificate", "needs", "tls.key",
     [](const auto& s) { return s.tls.certificate.empty() || !s.tls.key.empty(); }},
    {"tls.key", "needs", "tls.certificate",
     [](const auto& s) { return s.tls.key.empty() || !s.tls.certificate.empty(); }},
    {"tls.port", "needs", "tls.certificate",
     [](const auto& s) { return s.tls.port == 0 || !s.tls.certificate.empty(); }},
    {"api.address", "must be a loopback address without", "api.key",
     [](const auto& s) { return !s.api.key.empty() || is_loopback_address(s.api.address); }},
    {"api.address", "must be a loopback address with", "api.insecure",
     [](const auto& s) { return !s.api.insecure || is_loopback_address(s.api.address); }},
    {"api.tls", "needs", "tls.certificate",
     [](const auto& s) { return !s.api.tls || !s.tls.certificate.empty(); }},
    {"api.tls", "needs", "api.port", [](const auto& s) { return !s.api.tls || s.api.port != 0; }},
    {"heartbeat.pong_timeout", "must be shorter than", "heartbeat.ping_interval",
     [](const auto& s) {
       return s.heartbeat.ping_interval.count() == 0 ||
              s.heartbeat.pong_timeout < s.heartbeat.ping_interval;
     }},
    {"outbox.max_bytes", "must hold a message, with 26 bytes around it, of",
     "websocket.max_message_bytes",
     [](const auto& s) {
       static_assert(outbox::max_overhead == 26, "the text above says so");
       return s.outbox.max_bytes >= s.websocket.max_message_bytes + outbox::max_overhead;
     }},
    {"websocket.compression_min_bytes", "must not exceed", "websocket.max_message_bytes",
     [](const auto& s) {
       return !s.websocket.compression ||
              s.websocket.compression_min_bytes <= s.websocket.max_message_bytes;
     }},
    {"client.pong_timeout", "must be shorter than", "client.ping_interval",
     [](const auto& s) {
       return s.client.ping_interval.count() == 0 || s.client.pong_timeout < s.client.ping_interval;
     }},
    {"client.queue_max_size", "must hold a message, with 26 bytes around it, of", "websocket.max_message_bytes",
     [](const auto& s) {
       return s.client.queue_max_size >= s.websocket.max_message_bytes + outbox::max_overhead;
     }},
    {"client.user_personal_channel_namespace", "must be a namespace that exists for",
     "client.subscribe_to_user_personal_channel",
     [](const auto& s) {
       const auto& name = s.client.user_personal_channel_namespace;
       const auto& known = s.channels.namespaces;
       return !s.client.subscribe_to_user_personal_channel || name.empty() ||
              std::ranges::any_of(known, [&](const auto& ns) { return ns.name == name; });
     }},
    {"events.endpoint", "needs", "events.secret",
     [](const auto& s) { return s.events.endpoint.empty() || !s.events.secret.empty(); }},
    {"events.endpoint", "needs", "events.directory",
     [](const auto& s) { return s.events.endpoint.empty() || !s.events.directory.empty(); }},
    {"events.retry_first", "must not exceed", "events.retry_max",
     [](const auto& s) { return s.events.retry_first <= s.events.retry_max; }},
    {"engine.type", "must be memory with", "history.directory",
     [](const auto& s) {
       return s.cluster.engine == net::cluster::engine_kind::memory || s.history.directory.empty();
     }},
    {"engine.heartbeat", "must not exceed half of", "engine.node_timeout",
     [](const auto& s) { return s.cluster.beat * 2 <= s.cluster.timeout; }},
    {"nats.servers", "must not be empty with", "engine.type",
     [](const auto& s) {
       return s.cluster.engine == net::cluster::engine_kind::memory || !s.cluster.nats.servers.empty();
     }},
    {"nats.tls_certificate", "needs", "nats.tls_key",
     [](const auto& s) { return s.cluster.nats.tls_certificate.empty() || !s.cluster.nats.tls_key.empty(); }},
    {"nats.tls_key", "needs", "nats.tls_certificate",
     [](const auto& s) { return s.cluster.nats.tls_key.empty() || !s.cluster.nats.tls_certificate.empty(); }},
    {"limit.uri_bytes", "must be less than", "limit.header_bytes",
     [](const auto& s) { return s.limit.uri_bytes < s.limit.header_bytes; }},
    {"limit.connections_per_address", "must not exceed", "limit.connections",
     [](const auto& s) {
       return s.limit.connections == 0 || s.limit.connections_per_address <= s.limit.connections;
     }},
    {"drain.timeout", "is too short to close limit.connections at", "drain.rate",
     [](const auto& s) {
       // Without a limit of connections nobody can tell.
       const auto seconds = std::chrono::duration<double>{s.drain.timeout}.count();
       return s.drain.rate == 0 || static_cast<double>(s.limit.connections) <=
                                       static_cast<double>(s.drain.rate) * seconds;
     }},
};

/// Of the console with the rest.
constexpr rule<settings> console_rules[] = {
    {"console.address", "must be a loopback address without", "console.tls",
     [](const auto& s) { return s.console.tls || is_loopback_address(s.console.address); }},
    {"console.port", "needs one of console.read_only_token and", "console.operator_token",
     [](const auto& s) {
       return s.console.port == 0 || !s.console.operator_token.empty() || !s.console.read_only_token.empty();
     }},
    {"console.tls", "needs", "tls.certificate",
     [](const auto& s) { return !s.console.tls || !s.server.tls.certificate.empty(); }},
    {"console.tls", "needs", "console.port", [](const auto& s) { return !s.console.tls || s.console.port != 0; }},
};

} // namespace

void configuration::set(const option& option, std::string_view value, std::string_view origin) {
  if (!option.set(values_, value))
    throw config_error{fmt::format("{}: {}: must be {}, got {}", origin, option.key, option.accepts,
                                   option.is_secret ? "something else" : in_quotes(value))};
  origins_.insert_or_assign(option.key, origin);
}

void configuration::validate() const {
  const auto check = [this](const auto& all, const auto& values) {
    for (const auto& rule : all)
      if (!rule.holds(values))
        throw config_error{
            fmt::format("{} {} {}", describe(rule.subject), rule.phrase, describe(rule.object))};
  };
  check(rules, values_.server);
  check(console_rules, values_);
  require_distinct_ports();
  require_for_namespaces();
  require_keys("client.token", values_.server.auth.connection);
  if (values_.server.websocket.require_token && !values_.server.auth.connection.has_keys())
    throw config_error{fmt::format("{} needs a key in client.token", describe("websocket.require_token"))};
  require_keys("client.subscription_token", values_.server.auth.subscription);
  require_readable("tls.certificate", values_.server.tls.certificate);
  require_readable("tls.key", values_.server.tls.key);
  const auto& nats = values_.server.cluster.nats;
  require_readable("nats.credentials", nats.credentials);
  require_readable("nats.tls_ca", nats.tls_ca);
  require_readable("nats.tls_certificate", nats.tls_certificate);
  require_readable("nats.tls_key", nats.tls_key);
}

void configuration::require_distinct_ports() const {
  const auto all = ports_of(values_);
  for (auto later = all.begin(); later != all.end(); ++later)
    for (auto earlier = all.begin(); earlier != later; ++earlier)
      if (later->port == earlier->port && addresses_overlap(later->address, earlier->address))
        throw config_error{fmt::format("{} must differ from {}", describe(later->option), describe(earlier->option))};
}

std::string configuration::describe(std::string_view key) const {
  const auto& option = *find_option(key);
  auto value = option.get(values_);
  if (option.is_secret && !value.empty())
    value = "a secret";
  const auto origin = origins_.find(key);
  return fmt::format("{} = {} ({})", key, value.empty() ? "\"\"" : escaped(value),
                     origin == origins_.end() ? origin_ : origin->second);
}

void configuration::require_for_namespaces() const {
  const auto& server = values_.server;
  const auto require = [&](const std::string& where, const centrifuge::channel_options& of) {
    const std::tuple<bool, std::string_view, std::string_view> needs[] = {
        {of.history_persistent, "history_persistent", "history.directory"},
        {of.subscribe_proxy_enabled, "subscribe_proxy_enabled", "webhook.subscribe"},
        {of.publish_proxy_enabled, "publish_proxy_enabled", "webhook.publish"},
        {of.sub_refresh_proxy_enabled, "sub_refresh_proxy_enabled", "webhook.sub_refresh"}};
    for (const auto& [is_set, name, key] : needs)
      if (is_set && find_option(key)->get(values_).empty())
        throw config_error{fmt::format("{}: {} needs {}", where, name, describe(key))};
  };
  require("channel.without_namespace", server.channels.without_namespace);
  for (const auto& space : server.channels.namespaces)
    require(fmt::format("channel.namespaces[{}]", in_quotes(space.name)), space.options);
}

void configuration::require_keys(std::string_view section, const net::auth::token_options& options) {
  try {
    (void)net::auth::verifier{options};
  } catch (const std::invalid_argument& error) {
    throw config_error{fmt::format("{}.{}", section, error.what())};
  }
}

void configuration::require_readable(std::string_view key, const std::string& path) const {
  if (path.empty())
    return;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  char first = 0;
  const bool is_readable = file >= 0 && ::read(file, &first, 1) >= 0;
  const auto cause = std::generic_category().message(errno);
  if (file >= 0)
    ::close(file);
  if (!is_readable)
    throw config_error{fmt::format("{} cannot be read: {}", describe(key), cause)};
}

void check_environment(const char* const* environment) {
  constexpr std::string_view prefix = "TROUPE_";
  auto variable = [](const option& o) { return o.variable(); };
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const auto name = entry.substr(0, entry.find('='));
    if (!name.starts_with(prefix) || name == "TROUPE_CONFIG")
      continue;
    bool is_known = false;
    bool names_section = false;
    for (const auto& option : options()) {
      const auto known = option.variable();
      is_known |= name == known;
      const auto section_end = prefix.size() + option.section().size() + 1;
      names_section |= name.starts_with(known.substr(0, section_end));
    }
    const auto hint = suggestion(name, variable);
    if (!is_known && (names_section || !hint.empty()))
      throw config_error{fmt::format("environment: {}: no such option{}", escaped(name), hint)};
  }
}

} // namespace troupe::app
