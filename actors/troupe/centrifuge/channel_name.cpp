// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
// g++ 12 takes a moved-from std::function inside of std::regex for uninitialized when sanitizers
// are on.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <troupe/centrifuge/channel_name.hpp>

#include <troupe/regex_counts.hpp>

#include <algorithm>
#include <regex>

namespace troupe::centrifuge {
namespace {

constexpr auto none = std::string_view::npos;

/// Where the namespace's boundary begins; none if there is no namespace.
std::size_t boundary_of(std::string_view channel, const channel_syntax& syntax) {
  if (syntax.namespace_boundary.empty()) return none;
  const auto begin = is_private(channel, syntax) ? syntax.private_prefix.size() : 0;
  const auto boundary = channel.find(syntax.namespace_boundary, begin);
  return boundary == begin ? none : boundary;
}

} // namespace

std::string_view namespace_of(std::string_view channel, const channel_syntax& syntax) {
  const auto boundary = boundary_of(channel, syntax);
  if (boundary == none) return {};
  const auto begin = is_private(channel, syntax) ? syntax.private_prefix.size() : 0;
  return channel.substr(begin, boundary - begin);
}

std::string_view name_in_namespace(std::string_view channel, const channel_syntax& syntax) {
  const auto boundary = boundary_of(channel, syntax);
  return boundary == none ? channel : channel.substr(boundary + syntax.namespace_boundary.size());
}

bool is_private(std::string_view channel, const channel_syntax& syntax) {
  return !syntax.private_prefix.empty() && channel.starts_with(syntax.private_prefix);
}

bool is_user_limited(std::string_view channel, const channel_syntax& syntax) {
  return !syntax.user_boundary.empty() && channel.find(syntax.user_boundary) != none;
}

bool is_open_to_patterns(std::string_view channel, const channel_syntax& syntax) {
  return !is_private(channel, syntax) && !is_user_limited(channel, syntax);
}

bool allows_user(std::string_view channel, std::string_view user, const channel_syntax& syntax) {
  if (user.empty() || !is_user_limited(channel, syntax)) return false;
  auto list = channel.substr(channel.rfind(syntax.user_boundary) + syntax.user_boundary.size());
  if (syntax.user_separator.empty()) return list == user;
  while (true) {
    const auto end = list.find(syntax.user_separator);
    if (list.substr(0, end) == user) return true;
    if (end == none) return false;
    list.remove_prefix(end + syntax.user_separator.size());
  }
}

std::string personal_channel(std::string_view user, std::string_view ns,
                             const channel_syntax& syntax) {
  std::string name(ns);
  if (!ns.empty()) name += syntax.namespace_boundary;
  name += syntax.user_boundary;
  name += user;
  return name;
}

bool is_namespace_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return name.size() >= 2 && std::ranges::all_of(name, is_allowed);
}

// -- name_rule ---

// The names come from clients: libstdc++'s polynomial mode cannot be driven into exponential time.
struct name_rule::compiled {
  std::regex expression;
};

name_rule::name_rule(const std::string& expression, std::size_t max_bytes) : max_bytes_(max_bytes) {
  if (expression.empty()) return;
  require_small_counts(expression);
  const auto flags =
      std::regex::ECMAScript | std::regex::optimize | std::regex_constants::__polynomial;
  expression_ = std::make_shared<const compiled>(compiled{std::regex(expression, flags)});
}

bool name_rule::accepts(std::string_view channel, const channel_syntax& syntax) const {
  if (!fits(channel)) return false;
  const auto name = name_in_namespace(channel, syntax);
  if (expression_) return std::regex_search(name.begin(), name.end(), expression_->expression);
  return std::ranges::all_of(channel, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

} // namespace troupe::centrifuge
