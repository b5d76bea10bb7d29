// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/command.hpp>

namespace troupe::centrifuge {
namespace {

template <class Request>
concept names_channel = requires(const Request& r) {
  r.channel;
};

struct violation_of {
  std::string_view operator()(std::monostate) const {
    return "command with an id but no known request";
  }

  std::string_view operator()(const subscribe_request& r) const {
    if (r.channel.empty()) return "empty channel";
    if (!is_known_delta(r.delta)) return "unknown delta type";
    return {};
  }

  std::string_view operator()(const connect_request& r) const {
    for (const auto& [channel, sub] : r.subs) {
      if (channel.empty()) return "empty channel in subs";
      if (!is_known_delta(sub.delta)) return "unknown delta type in subs";
    }
    return {};
  }

  template <names_channel Request>
  std::string_view operator()(const Request& r) const {
    return r.channel.empty() ? "empty channel" : std::string_view{};
  }

  template <class Request>
  std::string_view operator()(const Request&) const {
    return {};
  }

  static bool is_known_delta(std::string_view delta) { return delta.empty() || delta == "fossil"; }
};

} // namespace

std::string_view normalize(command& received) {
  if (received.id == 0 && !std::holds_alternative<send_request>(received.body))
    received.body = pong{};
  return std::visit(violation_of{}, received.body);
}

} // namespace troupe::centrifuge
