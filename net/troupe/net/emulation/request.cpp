// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/emulation/request.hpp>

#include "client.pb.h"

#include <nlohmann/json.hpp>

#include <utility>

namespace troupe::net::emulation {

std::optional<request> read_json(std::string_view text) {
  auto parsed = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  request result;
  for (const auto& [name, to] : {std::pair{"node", &result.node}, std::pair{"session", &result.session},
                                 std::pair{"data", &result.data}}) {
    const auto found = parsed.find(name);
    if (found == parsed.end() || !found->is_string()) return std::nullopt;
    *to = std::move(found->get_ref<std::string&>());
  }
  return result;
}

std::optional<request> read_protobuf(std::string_view bytes) {
  centrifugal::centrifuge::protocol::EmulationRequest parsed;
  if (!parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return request{std::move(*parsed.mutable_node()), std::move(*parsed.mutable_session()), std::move(*parsed.mutable_data())};
}

std::string write_protobuf(const request& what) {
  centrifugal::centrifuge::protocol::EmulationRequest message;
  message.set_node(what.node);
  message.set_session(what.session);
  message.set_data(what.data);
  return message.SerializeAsString();
}

} // namespace troupe::net::emulation
