// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/condition.hpp"

#include "app/console/quantity.hpp"
#include "app/console/query_error.hpp"
#include "app/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace troupe::app::console {

namespace {

constexpr std::array operators{
    std::pair{"=", comparison::equal},    std::pair{"!=", comparison::unequal},
    std::pair{"<", comparison::less},     std::pair{"<=", comparison::at_most},
    std::pair{">", comparison::greater},  std::pair{">=", comparison::at_least},
    std::pair{"~", comparison::like},     std::pair{"!~", comparison::unlike},
};

template <class T>
bool ordered(const T& left, comparison how, const T& right) {
  switch (how) {
    case comparison::equal: return left == right;
    case comparison::unequal: return left != right;
    case comparison::less: return left < right;
    case comparison::at_most: return left <= right;
    case comparison::greater: return left > right;
    case comparison::at_least: return left >= right;
    case comparison::like:
    case comparison::unlike: break;
  }
  return false;
}

bool is_word(const std::optional<word_reader::token>& token, std::string_view word) {
  return token && !token->quoted && token->text == word;
}

std::vector<std::string> names_of(const std::vector<column>& columns) {
  std::vector<std::string> names;
  for (const auto& each : columns)
    names.push_back(each.name);
  return names;
}

} // namespace

// -- reading -------------------------------------------------------------------------------------

condition condition::parse(word_reader& in) {
  condition result;
  result.parse_either(in, 0);
  return result;
}

condition condition::both(condition left, condition right) {
  if (left.empty())
    return right;
  if (right.empty())
    return left;
  const auto shift = left.nodes_.size();
  for (auto& each : right.nodes_) {
    each.left += shift;
    each.right += shift;
    left.nodes_.push_back(std::move(each));
  }
  left.add({.what = kind::both, .left = shift - 1, .right = left.nodes_.size() - 1});
  return left;
}

std::size_t condition::add(node next) {
  nodes_.push_back(std::move(next));
  return nodes_.size() - 1;
}

std::size_t condition::parse_either(word_reader& in, std::size_t depth) {
  auto left = parse_both(in, depth);
  while (is_word(in.peek_token(), "or")) {
    (void)in.next_token();
    const auto right = parse_both(in, depth);
    left = add({.what = kind::either, .left = left, .right = right});
  }
  return left;
}

std::size_t condition::parse_both(word_reader& in, std::size_t depth) {
  auto left = parse_one(in, depth);
  while (is_word(in.peek_token(), "and")) {
    (void)in.next_token();
    const auto right = parse_one(in, depth);
    left = add({.what = kind::both, .left = left, .right = right});
  }
  return left;
}

std::size_t condition::parse_one(word_reader& in, std::size_t depth) {
  if (depth == max_depth)
    throw query_error{"where: nested too deeply"};
  if (is_word(in.peek_token(), "not")) {
    (void)in.next_token();
    const auto inner = parse_one(in, depth + 1);
    return add({.what = kind::negation, .left = inner});
  }
  if (!is_word(in.peek_token(), "("))
    return parse_comparison(in);
  (void)in.next_token();
  const auto inner = parse_either(in, depth + 1);
  if (!is_word(in.next_token(), ")"))
    throw query_error{"where: a parenthesis is not closed"};
  return inner;
}

std::size_t condition::parse_comparison(word_reader& in) {
  node next;
  const auto name = in.next_token();
  if (!name)
    throw query_error{"where: expected a column, such as in: where queue_bytes > 64KiB"};
  next.name = name->text;
  const auto how = in.next_token();
  const auto shown = escaped(next.name, 64);
  if (!how)
    throw query_error{fmt::format("where: expected =, !=, <, <=, >, >=, ~ or !~ after '{}'", shown)};
  const auto* found = std::ranges::find(
      operators, std::string_view{how->text}, [](const auto& each) { return each.first; });
  if (how->quoted || found == operators.end())
    throw query_error{fmt::format("where: expected =, !=, <, <=, >, >=, ~ or !~ after '{}', got '{}'",
                                  shown, escaped(how->text, 64))};
  next.how = found->second;
  const auto value = in.next_token();
  if (!value)
    throw query_error{fmt::format("where: expected a value after '{} {}'", shown, how->text)};
  next.value = value->text;
  next.is_quoted = value->quoted;
  const auto comparisons = std::ranges::count(nodes_, kind::compare, &node::what);
  if (static_cast<std::size_t>(comparisons) == max_comparisons)
    throw query_error{fmt::format("where: more than {} comparisons", max_comparisons)};
  return add(std::move(next));
}

// -- binding -------------------------------------------------------------------------------------

void condition::bind(const std::vector<column>& columns) {
  for (auto& each : nodes_) {
    if (each.what != kind::compare)
      continue;
    each.column = find_column(columns, each.name);
    if (each.column == columns.size())
      throw no_such("column", each.name, names_of(columns));
    each.type = columns[each.column].type;
    if (each.type == column_type::text)
      continue;
    if (each.how == comparison::like || each.how == comparison::unlike)
      throw query_error{fmt::format("where: {} is {}, and ~ is for text", each.name,
                                    describe(each.type))};
    const auto number = parse_quantity(each.value, each.type);
    if (!number)
      throw query_error{fmt::format("where: {} is compared with {}, got '{}'", each.name,
                                    describe(each.type), escaped(each.value, 64))};
    each.number = *number;
  }
}

// -- deciding ------------------------------------------------------------------------------------

bool condition::holds(const row_source& rows, std::size_t row) const {
  return nodes_.empty() || holds(nodes_.size() - 1, rows, row);
}

bool condition::holds(std::size_t at, const row_source& rows, std::size_t row) const {
  const auto& n = nodes_[at];
  switch (n.what) {
    case kind::both: return holds(n.left, rows, row) && holds(n.right, rows, row);
    case kind::either: return holds(n.left, rows, row) || holds(n.right, rows, row);
    case kind::negation: return !holds(n.left, rows, row);
    case kind::compare: return compare(n, rows, row);
  }
  return false;
}

bool condition::compare(const node& n, const row_source& rows, std::size_t row) {
  if (n.type != column_type::text) {
    const auto value = rows.number(row, n.column);
    return !std::isnan(value) && ordered(value, n.how, n.number);
  }
  const auto value = rows.text(row, n.column);
  if (n.how == comparison::like || n.how == comparison::unlike)
    return (value.find(n.value) != std::string::npos) == (n.how == comparison::like);
  return ordered(value, n.how, n.value);
}

} // namespace troupe::app::console
