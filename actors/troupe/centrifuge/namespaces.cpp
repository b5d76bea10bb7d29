// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/namespaces.hpp>

#include <fmt/format.h>

#include <set>

namespace troupe::centrifuge {
namespace {

namespaces::entry make_entry(const channel_options& options, std::size_t max_name_bytes) {
  return {options, name_rule(options.channel_regex, max_name_bytes)};
}

} // namespace

namespaces::namespaces(const channels_config& config)
    : syntax_(config.syntax),
      unnamed_(make_entry(config.without_namespace, config.max_name_bytes)) {
  for (const auto& [name, options] : config.namespaces)
    named_.emplace(name, make_entry(options, config.max_name_bytes));
}

const namespaces::entry* namespaces::find(std::string_view channel) const {
  const auto name = namespace_of(channel, syntax_);
  if (name.empty()) return &unnamed_;
  const auto found = named_.find(name);
  return found == named_.end() ? nullptr : &found->second;
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
