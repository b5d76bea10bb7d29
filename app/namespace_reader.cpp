// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/namespace_reader.hpp"

#include "app/configuration.hpp"
#include "app/escape.hpp"
#include "app/values.hpp"

#include <fmt/format.h>

#include <optional>
#include <vector>

namespace troupe::app {

namespace {

using namespace centrifuge;

constexpr std::int64_t max_history_size = 1'000'000;

/// The key of a namespace's name, beside those of its options.
constexpr std::string_view name_key = "name";

// -- one overload per type of option: the value, or nothing if the node does not hold one -----------

struct taken {
  std::string_view accepts;
  bool is_set;
};

template <class T>
taken assign(T& field, std::optional<T> value, std::string_view accepts) {
  if (value)
    field = *std::move(value);
  return {accepts, value.has_value()};
}

taken take(const toml::node& node, bool& field) {
  return assign(field, node.value_exact<bool>(), "true or false");
}

taken take(const toml::node& node, std::size_t& field) {
  const auto number = node.value_exact<std::int64_t>();
  std::optional<std::size_t> size;
  if (number && *number >= 0 && *number <= max_history_size)
    size = static_cast<std::size_t>(*number);
  return assign(field, size, "an integer from 0 to 1000000");
}

taken take(const toml::node& node, std::chrono::seconds& field) {
  std::optional<std::chrono::seconds> seconds;
  if (node.value_exact<std::int64_t>() == 0)
    seconds = std::chrono::seconds{0};
  if (const auto text = node.value_exact<std::string>())
    if (const auto span = parse_duration(*text); span && *span % std::chrono::seconds{1} == std::chrono::milliseconds{0})
      seconds = std::chrono::duration_cast<std::chrono::seconds>(*span);
  return assign(field, seconds, "0 or a duration of whole seconds, such as 300s");
}

taken take(const toml::node& node, std::string& field) {
  return assign(field, node.value_exact<std::string>(), "a string");
}

taken take(const toml::node& node, std::vector<std::string>& field) {
  std::optional<std::vector<std::string>> items;
  if (const auto* array = node.as_array()) {
    items.emplace();
    for (const auto& item : *array) {
      const auto text = item.value_exact<std::string>();
      if (!text) {
        items.reset();
        break;
      }
      items->push_back(*text);
    }
  }
  return assign(field, items, "an array of strings");
}

template <class Enum>
taken take_word(const toml::node& node, Enum& field, std::optional<Enum> (*parse)(std::string_view),
                std::string_view accepts) {
  const auto text = node.value_exact<std::string>();
  return assign(field, text ? parse(*text) : std::nullopt, accepts);
}

taken take(const toml::node& node, recovery_mode& field) {
  return take_word(node, field, parse_recovery_mode, "one of stream, cache");
}

taken take(const toml::node& node, data_format& field) {
  return take_word(node, field, parse_data_format, R"(one of "", json, json_object, binary)");
}

taken take(const toml::node& node, overflow& field) {
  return take_word(node, field, +[](std::string_view text) { return parse_overflow(text); },
                   "one of disconnect, drop-oldest, drop-newest, latest-per-key");
}

} // namespace

std::string namespace_reader::origin(const toml::node& node) const {
  return fmt::format("{}:{}", path_, node.source().begin.line);
}

void namespace_reader::read_without_namespace(const toml::node& node,
                                              channels_config& target) const {
  const std::string key = "channel.without_namespace";
  const auto* table = node.as_table();
  if (table == nullptr)
    throw config_error{fmt::format("{}: {}: must be a table", origin(node), key)};
  read_options(*table, key, target.without_namespace);
}

void namespace_reader::read_namespaces(const toml::node& node, channels_config& target) const {
  const std::string key = "channel.namespaces";
  const auto* array = node.as_array();
  if (array == nullptr)
    throw config_error{fmt::format("{}: {}: must be an array of tables", origin(node), key)};
  for (const auto& item : *array) {
    const auto* table = item.as_table();
    if (table == nullptr)
      throw config_error{fmt::format("{}: {}: must be an array of tables", origin(item), key)};
    const auto name = (*table)[name_key].value_exact<std::string>();
    if (!name)
      throw config_error{
          fmt::format("{}: {}: every namespace needs a name, a string", origin(item), key)};
    auto& added = target.namespaces.emplace_back(namespace_config{*name, {}});
    read_options(*table, fmt::format("{}[{}]", key, in_quotes(*name)), added.options);
    if (const auto wrong = validate(target); !wrong.empty())
      throw config_error{fmt::format("{}: {}: {}", origin(item), key, escaped(wrong.front()))};
  }
}

void namespace_reader::read_options(const toml::table& table, const std::string& where,
                                    channel_options& target) const {
  for (const auto& [name, node] : table) {
    if (name.str() == name_key && where != "channel.without_namespace")
      continue;
    std::optional<taken> outcome;
    std::vector<std::string> known;
    visit_options(target, [&, &key = name, &value = node](std::string_view option, auto& field) {
      known.emplace_back(option);
      if (option == key.str())
        outcome = take(value, field);
    });
    const auto key = fmt::format("{}: {}.{}", origin(node), where, escaped(name.str()));
    if (!outcome)
      throw config_error{fmt::format("{}: no such option{}", key, suggestion(name.str(), known))};
    if (!outcome->is_set)
      throw config_error{fmt::format("{}: must be {}", key, outcome->accepts)};
  }
  if (const auto wrong = validate(target); !wrong.empty())
    throw config_error{fmt::format("{}: {}: {}", origin(table), where, escaped(wrong.front()))};
}

} // namespace troupe::app
