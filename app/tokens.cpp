// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Tokens on the command line: to make one for a trial, and to see why one is refused. Both take the
// server's own options.
#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/escape.hpp"
#include "app/values.hpp"

#include <troupe/net/auth/key_source.hpp>
#include <troupe/net/auth/token.hpp>
#include <troupe/net/auth/verifier.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace troupe::app {

namespace {

using net::auth::purpose;
using net::auth::unix_clock;

const net::auth::token_options& rules_of(purpose what, const settings& all) {
  const auto& auth = all.server.auth;
  return what == purpose::connection ? auth.connection : auth.for_subscriptions();
}

std::string_view section_of(purpose what, const settings& all) {
  return what == purpose::subscription && all.server.auth.separate_subscription
             ? "client.subscription_token"
             : "client.token";
}

// -- making one ---

struct wish {
  std::string user;
  std::string channel; ///< Of a subscription token.
  std::string ttl = "1h";
  std::string claims = "{}";
};

int generate(purpose what, const settings& all, const wish& w) {
  const auto& rules = rules_of(what, all);
  if (rules.hmac_secret_key.empty())
    throw config_error{fmt::format("{}.hmac_secret_key is not set: tokens are made with it alone",
                                   section_of(what, all))};
  const auto ttl = parse_duration(w.ttl);
  if (!ttl) throw config_error{"--ttl: must be a duration, such as 1h; 0 makes a token for ever"};
  const auto more = nlohmann::ordered_json::parse(w.claims, nullptr, false);
  if (!more.is_object()) throw config_error{"--claims: must be a JSON object"};

  const auto now = std::chrono::floor<std::chrono::seconds>(unix_clock::now());
  nlohmann::ordered_json claims{{rules.user_id_claim, w.user}};
  if (what == purpose::subscription) claims["channel"] = w.channel;
  if (!rules.audience.empty()) claims["aud"] = rules.audience;
  if (!rules.issuer.empty()) claims["iss"] = rules.issuer;
  claims["iat"] = now.time_since_epoch().count();
  if (ttl->count() != 0) claims["exp"] = std::chrono::ceil<std::chrono::seconds>(now + *ttl)
                                             .time_since_epoch().count();
  claims.update(more);
  return print(net::auth::make_token(net::auth::algorithm::hs256, rules.hmac_secret_key, claims.dump()) +
               '\n');
}

void add_generator(CLI::App& app, action& selected, const char* name, const char* text,
                   purpose what) {
  auto* command = app.add_subcommand(name, text);
  auto line = std::make_shared<command_line>(*command);
  auto wanted = std::make_shared<wish>();
  command->add_option("--user", wanted->user, "ID of the user; none is anonymous");
  if (what == purpose::subscription)
    command->add_option("--channel", wanted->channel, "Channel it is for")->required();
  command->add_option("--ttl", wanted->ttl, "How long it is valid; 0 is for ever")
      ->capture_default_str();
  command->add_option("--claims", wanted->claims, "Further claims, a JSON object");
  command->callback([=, &selected] {
    selected = [=] { return generate(what, line->load(), *wanted); };
  });
}

// -- checking one ---

std::string describe(const net::auth::claims& said) {
  const auto when = [](const std::optional<net::auth::claims::seconds>& time) {
    return time ? fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(unix_clock::to_time_t(*time)))
                : "never";
  };
  auto text = fmt::format("The token is valid.\nuser: {}\n",
                          said.user.empty() ? "anonymous" : in_quotes(said.user));
  if (!said.channel.empty()) text += fmt::format("channel: {}\n", in_quotes(said.channel));
  text += fmt::format("token expires: {}\n", when(said.expires));
  if (said.grant_ends != said.expires) text += fmt::format("what it grants ends: {}\n", when(said.grant_ends));
  for (const auto& [channel, terms] : said.subs)
    text += fmt::format("subscribed to: {}\n", in_quotes(channel));
  return text;
}

int check(purpose what, const settings& all, const std::string& token) {
  const auto now = unix_clock::now();
  const auto& rules = rules_of(what, all);
  if (!rules.has_keys())
    throw config_error{fmt::format("{} has no key: every token is refused", section_of(what, all))};
  const auto refuse = [](std::string_view why) {
    std::fputs(fmt::format("The token is refused: {}.\n", why).c_str(), stderr);
    return exit_code::failed;
  };
  net::auth::verifier judge{rules};
  if (const auto& url = rules.jwks_public_endpoint; !url.empty()) {
    auto fetched = net::auth::fetch_keys(url);
    if (!fetched.keys) throw config_error{fmt::format("{}: no keys: {}", url, fetched.why)};
    judge.set_keys(*std::move(fetched.keys));
  }
  const auto verdict = judge.authenticate(token, what, now);
  if (const auto* no = std::get_if<net::auth::refusal>(&verdict)) return refuse(no->why);
  const auto& said = *std::get<net::auth::verifier::authentic>(verdict).said;
  if (const auto no = net::auth::verifier::check_times(said, now)) return refuse(no->why);
  return print(describe(said));
}

void add_checker(CLI::App& app, action& selected, const char* name, const char* text, purpose what) {
  auto* command = app.add_subcommand(name, text);
  auto line = std::make_shared<command_line>(*command);
  auto token = std::make_shared<std::string>();
  command->add_option("TOKEN", *token, "The token")->required();
  command->callback([=, &selected] {
    selected = [=] { return check(what, line->load(), *token); };
  });
}

} // namespace

void add_gen_token(CLI::App& app, action& selected) {
  add_generator(app, selected, "gen-token", "Print a connection token", purpose::connection);
}

void add_check_token(CLI::App& app, action& selected) {
  add_checker(app, selected, "check-token", "Say what a connection token grants, or why it is refused",
              purpose::connection);
}

void add_gen_sub_token(CLI::App& app, action& selected) {
  add_generator(app, selected, "gen-sub-token", "Print a subscription token", purpose::subscription);
}

void add_check_sub_token(CLI::App& app, action& selected) {
  add_checker(app, selected, "check-sub-token",
              "Say what a subscription token grants, or why it is refused", purpose::subscription);
}

} // namespace troupe::app
