// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// One builder per type of value: together with option_tables.hpp, what a table of options is
// written with. Each names the key, the field of `settings` (TROUPE_FIELD), what it accepts and
// what it does.
#pragma once
#include "app/options.hpp"
#include "app/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

/// Access to one field of `settings`: TROUPE_FIELD(server.listen.port).
#define TROUPE_FIELD(path)                                                                         \
  [](auto& all) -> auto& {                                                                         \
    return all.path;                                                                               \
  }

namespace troupe::app {

using std::chrono::milliseconds;

template <class Field>
using field_type = std::remove_cvref_t<std::invoke_result_t<Field, settings&>>;

// -- one builder per type of value ---------------------------------------------------------------

/// `parse` gives std::optional of the field's type, empty if the text is not acceptable.
template <class Field, class Parse, class Print>
option make(std::string key, Field field, value_type type, std::string accepts, std::string text,
            Parse parse, Print print) {
  option result{std::move(key), type, std::move(accepts), std::move(text), {}, {}, {}, {}};
  result.set = [field, parse](settings& target, std::string_view value) {
    auto parsed = parse(value);
    if (parsed)
      field(target) = static_cast<field_type<Field>>(*std::move(parsed));
    return parsed.has_value();
  };
  result.get = [field, print](const settings& source) { return print(field(source)); };
  result.copy = [field](settings& to, const settings& from) { field(to) = field(from); };
  return result;
}

/// What a number may be. Zero stands for "off" or "automatic" where it lies outside of the range.
template <class Number>
struct range {
  Number min;
  Number max;
  bool or_zero = false;

  template <class Parsed>
  std::optional<Parsed> check(std::optional<Parsed> value) const {
    if (value && ((or_zero && *value == Parsed{}) || (*value >= min && *value <= max)))
      return value;
    return std::nullopt;
  }

  std::string describe(std::string_view noun, auto print, std::string_view rest) const {
    return fmt::format("{}{} from {} to {}{}", or_zero ? "0 or " : "", noun, print(min), print(max),
                       rest);
  }
};

template <class Field>
option integer(std::string key, Field field, std::string unit, range<std::uint64_t> bounds,
               std::string text) {
  auto print = [](std::uint64_t value) { return fmt::to_string(value); };
  auto parse = [bounds](std::string_view value) { return bounds.check(parse_integer(value)); };
  return make(std::move(key), field, value_type::integer,
              bounds.describe("an integer", print, unit.empty() ? "" : " " + unit), std::move(text),
              parse, print);
}

template <class Field>
option size(std::string key, Field field, range<std::size_t> bounds, std::string text) {
  return make(
      std::move(key), field, value_type::size,
      bounds.describe("a size", size_to_text, ", such as 64KiB"), std::move(text),
      [bounds](std::string_view value) { return bounds.check(parse_size(value)); }, size_to_text);
}

template <class Field>
option duration(std::string key, Field field, range<milliseconds> bounds, std::string text) {
  return make(
      std::move(key), field, value_type::duration,
      bounds.describe("a duration", to_text, ", such as 25s"), std::move(text),
      [bounds](std::string_view value) { return bounds.check(parse_duration(value)); }, to_text);
}

template <class Field>
option boolean(std::string key, Field field, std::string text) {
  return make(std::move(key), field, value_type::boolean, "true or false", std::move(text),
              parse_boolean, [](bool value) { return fmt::to_string(value); });
}

template <class Field, class Value>
option choice(std::string key, Field field, std::vector<std::pair<std::string_view, Value>> names,
              std::string text) {
  std::vector<std::string_view> words;
  for (const auto& entry : names)
    words.push_back(entry.first);
  auto parse = [names](std::string_view value) -> std::optional<Value> {
    for (const auto& [name, meaning] : names)
      if (name == value)
        return meaning;
    return std::nullopt;
  };
  auto print = [names](Value value) -> std::string {
    for (const auto& [name, meaning] : names)
      if (meaning == value)
        return std::string{name};
    return {};
  };
  return make(std::move(key), field, value_type::choice,
              fmt::format("one of {}", fmt::join(words, ", ")), std::move(text), parse, print);
}

template <class Field>
option text(std::string key, Field field, std::string accepts, bool (*accept)(const std::string&),
            std::string text) {
  auto parse = [accept](std::string_view value) {
    auto copy = std::optional<std::string>{value};
    return accept(*copy) ? copy : std::nullopt;
  };
  return make(std::move(key), field, value_type::text, std::move(accepts), std::move(text), parse,
              [](const std::string& value) { return value; });
}

template <class Field>
option list(std::string key, Field field, std::string accepts, bool (*accept)(std::string_view),
            std::string text) {
  auto parse = [accept](std::string_view value) -> std::optional<std::vector<std::string>> {
    std::vector<std::string> items;
    while (!value.empty()) {
      const auto comma = std::min(value.find(','), value.size());
      items.emplace_back(value.substr(0, comma));
      if (!accept(items.back()) || comma + 1 == value.size())
        return std::nullopt;
      value.remove_prefix(std::min(comma + 1, value.size()));
    }
    return items;
  };
  auto print = [](const std::vector<std::string>& items) {
    return fmt::format("{}", fmt::join(items, ","));
  };
  return make(std::move(key), field, value_type::list, std::move(accepts), std::move(text), parse,
              print);
}

inline option with_flag(std::string alias, option target) {
  target.aliases.push_back(std::move(alias));
  return target;
}

inline option secret(option target) {
  target.is_secret = true;
  return target;
}

inline bool is_path(const std::string& value) {
  return value.find('\0') == std::string::npos;
}

inline constexpr auto port = range<std::uint64_t>{0, 65535};
inline constexpr auto any_count = range<std::uint64_t>{0, 100'000'000};

} // namespace troupe::app
