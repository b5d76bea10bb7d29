// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Who is in one channel. Owner: the channel, on its thread. Counting is O(1), a change O(1) on
// average.
#pragma once
#include <troupe/centrifuge/publication.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

namespace troupe::centrifuge {

class presence {
public:
  /// Adds a connection, or updates what is known of it. Whether it was absent.
  bool add(client_info info);

  /// Removes a connection. What was known of it; nothing if it was absent.
  std::optional<client_info> remove(const std::string& client);

  std::size_t client_count() const noexcept { return clients_.size(); }

  /// Distinct users; the anonymous ones count as one.
  std::size_t user_count() const noexcept { return connections_.size(); }

  /// By connection ID.
  const std::unordered_map<std::string, client_info>& clients() const noexcept { return clients_; }

private:
  void forget_connection_of(const std::string& user);

  std::unordered_map<std::string, client_info> clients_;
  std::unordered_map<std::string, std::size_t> connections_; // by user, never 0
};

} // namespace troupe::centrifuge
