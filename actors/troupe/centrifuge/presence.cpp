// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/presence.hpp>

#include <utility>

namespace troupe::centrifuge {

bool presence::add(client_info info) {
  ++connections_[info.user];
  auto key = info.client;
  const auto [place, is_new] = clients_.try_emplace(std::move(key), info);
  if (!is_new) {
    forget_connection_of(place->second.user);
    place->second = std::move(info);
  }
  return is_new;
}

std::optional<client_info> presence::remove(const std::string& client) {
  auto removed = clients_.extract(client);
  if (removed.empty()) return std::nullopt;
  forget_connection_of(removed.mapped().user);
  return std::move(removed.mapped());
}

void presence::forget_connection_of(const std::string& user) {
  const auto found = connections_.find(user);
  if (--found->second == 0) connections_.erase(found);
}

} // namespace troupe::centrifuge
