// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/webhooks/options.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace troupe::net::webhooks {

namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || marks.find(c) != marks.npos;
  });
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

template <class Int>
bool take_number(std::string_view& from, Int& into) {
  const auto [end, ec] = std::from_chars(from.data(), from.data() + from.size(), into);
  from.remove_prefix(static_cast<std::size_t>(end - from.data()));
  return ec == std::errc{};
}

bool take_mark(std::string_view& from, char mark) {
  if (!from.starts_with(mark)) return false;
  from.remove_prefix(1);
  return true;
}

} // namespace

std::optional<status_rule> parse_status_rule(std::string_view text) {
  status_rule rule;
  if (!take_number(text, rule.status) || !take_mark(text, '=') || !take_number(text, rule.code) ||
      !take_mark(text, ':'))
    return std::nullopt;
  constexpr std::size_t longest = 123; // of a close frame
  const bool is_error = rule.code >= 400 && rule.code <= 1999;
  const bool is_close = rule.code >= 4000 && rule.code <= 4999;
  const bool is_text = !text.empty() && text.size() <= longest &&
                       std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
  if (rule.status < 100 || rule.status > 599 || rule.status == 200 || (!is_error && !is_close) || !is_text)
    return std::nullopt;
  rule.text = text;
  return rule;
}

bool is_header_name(std::string_view text) {
  constexpr std::string_view ours[] = {"Host",       "Content-Length",    "Content-Type", "Connection", "Upgrade",
                                       "Keep-Alive", "Transfer-Encoding", "TE",           "Trailer",    "Expect"};
  return is_token(text) &&
         std::ranges::none_of(ours, [&](std::string_view name) { return same(name, text); });
}

bool is_header_line(std::string_view text) {
  const auto colon = text.find(": ");
  if (colon == text.npos || !is_header_name(text.substr(0, colon))) return false;
  const auto value = text.substr(colon + 2);
  return !value.empty() && std::ranges::all_of(value, [](char c) { return c == '\t' || (c >= ' ' && c < 0x7f); });
}

} // namespace troupe::net::webhooks
