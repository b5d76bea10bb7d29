// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/internal/strict_json.hpp>

#include <set>
#include <string>
#include <vector>

namespace troupe::net::auth::internal {

std::optional<nlohmann::ordered_json> parse_object(std::string_view text) {
  using json = nlohmann::ordered_json;
  constexpr int max_depth = 32;
  bool acceptable = true;
  std::vector<std::set<std::string>> names; // of the objects that are open
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > max_depth) acceptable = false;
    if (!acceptable) return false; // what follows is read but not kept
    switch (event) {
    case json::parse_event_t::object_start: names.emplace_back(); break;
    case json::parse_event_t::object_end: names.pop_back(); break;
    case json::parse_event_t::key:
      acceptable = names.back().insert(value.get<std::string>()).second;
      break;
    case json::parse_event_t::array_start:
    case json::parse_event_t::array_end:
    case json::parse_event_t::value: break;
    }
    return true;
  };
  auto parsed = json::parse(text.begin(), text.end(), watch, false);
  if (!acceptable || !parsed.is_object()) return std::nullopt;
  return parsed;
}

} // namespace troupe::net::auth::internal
