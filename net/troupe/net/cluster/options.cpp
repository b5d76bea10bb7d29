// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/cluster/options.hpp>

#include <algorithm>

namespace troupe::net::cluster {

namespace {

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

} // namespace

bool is_subject_prefix(const std::string& text) {
  return !text.empty() && text.size() <= 128 && text.front() != '.' && text.back() != '.' &&
         text.find("..") == text.npos && std::ranges::all_of(text, [](char c) { return c == '.' || is_word_character(c); });
}

bool is_nats_url(std::string_view text) {
  const auto begins = text.find("://");
  if (begins == text.npos || (text.substr(0, begins) != "nats" && text.substr(0, begins) != "tls")) return false;
  auto host = text.substr(begins + 3);
  if (const auto colon = host.rfind(':'); colon != host.npos && host.find(']', colon) == host.npos) {
    const auto port = host.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; })) return false;
    host = host.substr(0, colon);
  }
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return is_word_character(c) || c == '.' || c == ':' || c == '[' || c == ']';
  });
}

} // namespace troupe::net::cluster
