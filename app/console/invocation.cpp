// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/invocation.hpp"

#include "app/console/quantity.hpp"
#include "app/console/query_error.hpp"
#include "app/escape.hpp"
#include "app/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::app::console {

namespace {

std::vector<std::string> strings(const std::vector<std::string_view>& from) {
  return {from.begin(), from.end()};
}

void require_choice(const argument& from, const std::string& value) {
  if (std::ranges::find(from.choices, value) == from.choices.end())
    throw no_such(from.type == argument_type::target ? "kind" : from.name, value,
                  strings(from.choices));
}

} // namespace

invocation invocation::parse(std::string_view line) {
  word_reader in{line};
  const auto name = in.next();
  if (!name)
    throw query_error{"expected a command; help lists them"};
  invocation result;
  result.command_ = &command_named(*name);
  const auto& command = *result.command_;
  for (const auto& each : command.words) {
    if (in.peek())
      result.take(each, in);
    else if (!each.is_optional)
      throw query_error{fmt::format("expected: {}", command.syntax())};
  }
  while (const auto word = in.next()) {
    auto bare = std::string_view{*word};
    bare.remove_prefix(bare.starts_with("--") ? 2 : 0);
    const auto found = std::ranges::find(command.keywords, bare, &argument::name);
    if (found == command.keywords.end())
      throw query_error{fmt::format("'{}' is not understood here; expected: {}", escaped(*word, 64),
                                    command.syntax())};
    if (result.has(found->name))
      throw query_error{fmt::format("{} is given twice", found->name)};
    result.take(*found, in);
  }
  return result;
}

void invocation::take(const argument& expected, word_reader& in) {
  if (expected.type == argument_type::condition) {
    where_ = condition::parse(in);
    values_.emplace(expected.name, "");
    return;
  }
  if (expected.type == argument_type::flag) {
    values_.emplace(expected.name, "");
    return;
  }
  if (expected.type == argument_type::rest) {
    take_value(expected, in.take_rest());
    return;
  }
  const auto need = [&](std::string_view before) {
    auto word = in.next();
    if (!word)
      throw query_error{fmt::format("expected {} after {}; the syntax is: {}", expected.shown, before,
                                    command_->syntax())};
    return *std::move(word);
  };
  auto word = need(expected.name);
  if (expected.type == argument_type::target) {
    require_choice(expected, word);
    kind_ = std::move(word);
    take_value(expected, has_name(kind_) ? need(kind_) : std::string{});
    return;
  }
  take_value(expected, std::move(word));
}

void invocation::take_value(const argument& expected, std::string value) {
  const auto wrong = [&](std::string_view wanted) {
    return query_error{
        fmt::format("{} takes {}, got '{}'", expected.name, wanted, escaped(value, 64))};
  };
  switch (expected.type) {
    case argument_type::choice: require_choice(expected, value); break;
    case argument_type::count:
      if (const auto number = parse_integer(value); !number || *number == 0)
        throw wrong("a number from 1");
      break;
    case argument_type::position:
      if (!parse_integer(value))
        throw wrong("a number from 0");
      break;
    case argument_type::duration:
      if (!parse_quantity(value, column_type::duration))
        throw wrong(describe(column_type::duration));
      break;
    case argument_type::word:
    case argument_type::flag:
    case argument_type::column:
    case argument_type::target:
    case argument_type::condition:
    case argument_type::rest: break;
  }
  values_.emplace(expected.name, std::move(value));
}

role invocation::needs() const {
  const bool shows_payloads = command_->what == verb::trace && (has("payload") || has("match"));
  return shows_payloads ? role::operate : command_->needs;
}

const std::string& invocation::text(std::string_view argument) const {
  static const std::string none;
  const auto found = values_.find(argument);
  return found == values_.end() ? none : found->second;
}

std::optional<std::size_t> invocation::count(std::string_view argument) const {
  return has(argument) ? parse_integer(text(argument)) : std::nullopt;
}

std::optional<std::chrono::nanoseconds> invocation::duration(std::string_view argument) const {
  if (!has(argument))
    return std::nullopt;
  const auto value = parse_quantity(text(argument), column_type::duration);
  return std::chrono::nanoseconds{static_cast<std::int64_t>(value.value_or(0))};
}

selection invocation::rows(std::string default_key) const {
  return {has("by") ? text("by") : std::move(default_key), where_,
          count("n").value_or(selection::default_count), count("offset").value_or(0)};
}

answer invocation::chosen_of(const table& all) const {
  auto wanted = rows();
  if (!has("n"))
    wanted.count = selection::max_count;
  return answer::of(copy(table_rows{all}, select(table_rows{all}, std::move(wanted))));
}

} // namespace troupe::app::console
