// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/namespaces.hpp>

#include <troupe/centrifuge/wildcard.hpp>

#include <fmt/format.h>

#include <set>
#include <utility>

namespace troupe::centrifuge {
namespace {

namespaces::entry make_entry(std::string name, const channel_options& options, std::size_t max_name_bytes,
                             const namespaces::entry* before) {
  namespaces::entry made{std::move(name), options, name_rule(options.channel_regex, max_name_bytes), options.slow_consumer};
  if (before && before->configured_policy == options.slow_consumer) made.options.slow_consumer = before->options.policy();
  if (options.allow_wildcards)
    made.patterns = std::make_shared<const namespaces::entry>(
      namespaces::entry{made.name, made.options.of_patterns(), name_rule({}, max_name_bytes), options.slow_consumer, true});
  return made;
}

} // namespace

// A pattern stays clear of channels that take more than the namespace's permission to subscribe to.
bool namespaces::entry::accepts(std::string_view channel, const channel_syntax& syntax) const {
  if (!rule.accepts(channel, syntax)) return false;
  return !is_of_patterns || (is_valid_pattern(name_in_namespace(channel, syntax)) &&
                             is_open_to_patterns(channel, syntax));
}

namespaces::namespaces(const channels_config& config) : syntax_(config.syntax) {
  had_.push_back(make_table(config, nullptr));
  now_ = had_.back().get();
}

void namespaces::renew(const channels_config& config) {
  had_.push_back(make_table(config, had_.back().get()));
  now_.store(had_.back().get(), std::memory_order_release);
}

std::unique_ptr<const namespaces::table> namespaces::make_table(const channels_config& config, const table* before) {
  const auto max = config.max_name_bytes;
  auto made = std::make_unique<table>(table{before ? before->generation + 1 : 0,
                                            make_entry({}, config.without_namespace, max, before ? &before->unnamed : nullptr),
                                            {}});
  for (const auto& [name, options] : config.namespaces)
    made->named.emplace(name, make_entry(name, options, max, before ? before->find(name) : nullptr));
  return made;
}

const namespaces::entry* namespaces::table::find(std::string_view name) const {
  if (name.empty()) return &unnamed;
  const auto found = named.find(name);
  return found == named.end() ? nullptr : &found->second;
}

const namespaces::entry* namespaces::find(std::string_view channel) const {
  const auto* in = named(namespace_of(channel, syntax_));
  if (!in) return nullptr;
  const bool as_pattern = in->patterns && is_pattern(name_in_namespace(channel, syntax_));
  return as_pattern ? in->patterns.get() : in;
}

const namespaces::entry* namespaces::named(std::string_view name) const {
  return now_.load(std::memory_order_acquire)->find(name);
}

std::vector<std::string> namespaces::change_policy(std::string_view name, overflow to) const {
  const auto* in = named(name);
  auto changed = in->options;
  changed.slow_consumer = to;
  auto wrong = validate(changed);
  if (!wrong.empty()) return wrong;
  in->options.change_policy(to);
  if (in->patterns) in->patterns->options.change_policy(to);
  return {};
}

channels_config without_permissions(channels_config config) {
  const auto open = [](channel_options& o) {
    for (auto* allows :
         {&o.allow_subscribe_for_client, &o.allow_subscribe_for_anonymous,
          &o.allow_publish_for_client, &o.allow_publish_for_anonymous, &o.allow_presence_for_client,
          &o.allow_presence_for_anonymous, &o.allow_history_for_client,
          &o.allow_history_for_anonymous})
      *allows = true;
    o.allow_user_limited_channels = false; // they limit
  };
  open(config.without_namespace);
  for (auto& [name, options] : config.namespaces) open(options);
  return config;
}

std::vector<std::string> validate(const channels_config& config) {
  std::vector<std::string> wrong;
  if (config.max_name_bytes == 0) wrong.emplace_back("max_length must be above 0");
  for (const auto& sentence : validate(config.without_namespace))
    wrong.push_back("without_namespace: " + sentence);
  std::set<std::string_view> seen;
  for (const auto& [name, options] : config.namespaces) {
    const auto where = fmt::format("namespace \"{}\": ", name);
    if (!is_namespace_name(name))
      wrong.push_back(where + "name must be two or more of letters, digits, '-', '_' and '.'");
    if (!seen.insert(name).second) wrong.push_back(where + "name is used twice");
    for (const auto& sentence : validate(options)) wrong.push_back(where + sentence);
  }
  return wrong;
}

} // namespace troupe::centrifuge
