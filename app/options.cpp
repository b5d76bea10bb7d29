// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <numeric>
#include <utility>

namespace troupe::app {

namespace {

/// Insertions, deletions and replacements that turn one word into the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const auto replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string toml_value(const option& option, const std::string& value) {
  switch (option.type) {
    case value_type::boolean:
    case value_type::integer: return value;
    // Defaults hold nothing that has to be escaped, and no list has more than one.
    case value_type::list: return value.empty() ? "[]" : fmt::format("[\"{}\"]", value);
    case value_type::text:
    case value_type::choice:
    case value_type::size:
    case value_type::duration: return '"' + value + '"';
  }
  return value;
}

std::string hint(const std::string& name) {
  return name.empty() ? "" : fmt::format("; did you mean {}?", name);
}

} // namespace

std::string option::section() const { return key.substr(0, key.rfind('.')); }

std::string option::name() const { return key.substr(key.rfind('.') + 1); }

std::string option::flag() const {
  std::string result = "--" + key;
  std::replace_if(result.begin(), result.end(), [](char c) { return c == '.' || c == '_'; }, '-');
  return result;
}

std::string option::variable() const {
  std::string result = "TROUPE_";
  for (const char c : key)
    result += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

const option* find_option(std::string_view key) {
  const auto& all = options();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const option& o) { return o.key == key; });
  return found == all.end() ? nullptr : &*found;
}

bool is_section(std::string_view name) {
  const auto& all = options();
  return std::any_of(all.begin(), all.end(), [&](const option& o) {
    return o.key.starts_with(name) && o.key.substr(name.size()).starts_with('.');
  });
}

std::string suggestion(std::string_view unknown, spelling spell) {
  std::vector<std::string> names;
  for (const auto& option : options()) {
    if (unknown == option.name())
      return hint(spell(option));
    names.push_back(spell(option));
  }
  return suggestion(unknown, names);
}

std::string suggestion(std::string_view unknown, const std::vector<std::string>& names) {
  constexpr std::size_t near = 3;
  // Names from outside have any length, and the work grows with it.
  constexpr std::size_t longest = 64;
  if (unknown.size() > longest)
    return {};
  std::string best;
  auto best_distance = near + 1;
  for (const auto& name : names)
    if (const auto distance = edit_distance(unknown, name); distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  return hint(best);
}

std::string default_config() {
  const settings defaults;
  std::string out =
      "# Configuration of Troupe: every option at its default. Flags and TROUPE_ variables of the\n"
      "# environment win over this file. `troupe check-config --config FILE` checks it.\n";
  std::string section;
  for (const auto& option : options()) {
    if (option.section() != section) {
      section = option.section();
      out += fmt::format("\n[{}]\n", section);
    }
    out += fmt::format("# {}\n# Takes {}.\n{} = {}\n", option.text, option.accepts, option.name(),
                       toml_value(option, option.get(defaults)));
  }
  out += "\n# What channels can do is set for each namespace; the options are explained in the manual.\n"
         "# [channel.without_namespace]\n# allow_subscribe_for_client = true\n"
         "# [[channel.namespaces]]\n# name = \"chat\"\n# history_size = 100\n"
         "# history_ttl = \"300s\"\n# force_recovery = true\n";
  return out;
}

std::string options_markdown() {
  const settings defaults;
  std::string out = "| Key | Default | Takes | What it does |\n|---|---|---|---|\n";
  for (const auto& option : options()) {
    const auto value = option.get(defaults);
    const auto shown = value.empty() ? "none" : fmt::format("`{}`", value);
    out += fmt::format("| `{}` | {} | {} | {} |\n", option.key, shown, option.accepts, option.text);
  }
  return out;
}

} // namespace troupe::app
