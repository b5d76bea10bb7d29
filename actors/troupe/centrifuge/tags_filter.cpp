// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/tags_filter.hpp>

#include <algorithm>
#include <array>

namespace troupe::centrifuge {
namespace {

constexpr std::array<std::string_view, 9> single_value{"eq", "neq", "sw", "ew", "ct",
                                                       "lt", "lte", "gt", "gte"};

std::string_view validate_leaf(const filter_node& leaf) {
  const bool existence = leaf.cmp == "ex" || leaf.cmp == "nex";
  if (leaf.cmp.empty()) return "filter: leaf without cmp";
  if (std::ranges::find(single_value, leaf.cmp) != single_value.end()) {
    if (leaf.val.empty()) return "filter: comparison without val";
    if (!leaf.vals.empty()) return "filter: comparison with one value has vals";
  } else if (leaf.cmp == "in" || leaf.cmp == "nin") {
    if (leaf.vals.empty()) return "filter: in or nin without vals";
    if (!leaf.val.empty()) return "filter: in or nin has val";
  } else if (existence) {
    if (!leaf.val.empty() || !leaf.vals.empty()) return "filter: ex or nex has a value";
  } else {
    return "filter: unknown cmp";
  }
  if (leaf.key.empty() && !existence) return "filter: leaf without key";
  return {};
}

std::string_view validate_node(const filter_node& node, std::size_t depth, std::size_t& count) {
  if (depth > max_filter_depth) return "filter: too deep";
  if (++count > max_filter_nodes) return "filter: too many nodes";
  if (node.op.empty()) return validate_leaf(node);
  if (node.op == "not") {
    if (node.nodes.size() != 1) return "filter: not needs exactly one node";
  } else if (node.op == "and" || node.op == "or") {
    if (node.nodes.empty()) return "filter: and or or without nodes";
  } else {
    return "filter: unknown op";
  }
  for (const auto& child : node.nodes)
    if (auto wrong = validate_node(child, depth + 1, count); !wrong.empty()) return wrong;
  return {};
}

bool matches_leaf(const filter_node& leaf, const tag_map& tags) {
  const auto found = tags.find(leaf.key);
  const bool exists = found != tags.end();
  const std::string_view value = exists ? std::string_view{found->second} : std::string_view{};
  const std::string_view cmp = leaf.cmp;
  if (cmp == "ex") return exists;
  if (cmp == "nex") return !exists;
  if (cmp == "neq") return !exists || value != leaf.val;
  if (cmp == "in") return std::ranges::find(leaf.vals, value) != leaf.vals.end();
  if (cmp == "nin") return std::ranges::find(leaf.vals, value) == leaf.vals.end();
  if (!exists) return false;
  if (cmp == "eq") return value == leaf.val;
  if (cmp == "sw") return value.starts_with(leaf.val);
  if (cmp == "ew") return value.ends_with(leaf.val);
  if (cmp == "ct") return value.find(leaf.val) != value.npos;
  const auto order = compare_decimals(value, leaf.val);
  if (!order) return false;
  if (cmp == "lt") return *order < 0;
  if (cmp == "lte") return *order <= 0;
  if (cmp == "gt") return *order > 0;
  return *order >= 0;
}

/// A decimal number without what does not change its value.
struct decimal {
  bool negative = false;
  std::string_view whole;    // no leading zeros
  std::string_view fraction; // no trailing zeros
};

std::optional<decimal> parse_decimal(std::string_view text) {
  decimal number;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    number.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto point = text.find('.');
  number.whole = text.substr(0, point);
  if (point != text.npos) {
    number.fraction = text.substr(point + 1);
    if (number.fraction.empty()) return std::nullopt;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (number.whole.empty() || !std::ranges::all_of(number.whole, is_digit) ||
      !std::ranges::all_of(number.fraction, is_digit))
    return std::nullopt;
  number.whole.remove_prefix(std::min(number.whole.find_first_not_of('0'), number.whole.size()));
  number.fraction = number.fraction.substr(0, number.fraction.find_last_not_of('0') + 1);
  if (number.whole.empty() && number.fraction.empty()) number.negative = false;
  return number;
}

int compare_magnitudes(const decimal& a, const decimal& b) {
  if (a.whole.size() != b.whole.size()) return a.whole.size() < b.whole.size() ? -1 : 1;
  if (const int order = a.whole.compare(b.whole)) return order;
  return a.fraction.compare(b.fraction);
}

} // namespace

std::string_view validate(const filter_node& root) {
  std::size_t count = 0;
  return validate_node(root, 1, count);
}

bool matches(const filter_node& node, const tag_map& tags) {
  const auto child_matches = [&](const filter_node& child) { return matches(child, tags); };
  if (node.op.empty()) return matches_leaf(node, tags);
  if (node.op == "and") return std::ranges::all_of(node.nodes, child_matches);
  if (node.op == "or") return std::ranges::any_of(node.nodes, child_matches);
  return std::ranges::none_of(node.nodes, child_matches);
}

std::optional<int> compare_decimals(std::string_view a, std::string_view b) {
  const auto left = parse_decimal(a);
  const auto right = parse_decimal(b);
  if (!left || !right) return std::nullopt;
  if (left->negative != right->negative) return left->negative ? -1 : 1;
  return left->negative ? compare_magnitudes(*right, *left) : compare_magnitudes(*left, *right);
}

} // namespace troupe::centrifuge
