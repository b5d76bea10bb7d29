// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What can be set for clients of the Centrifuge protocol: meaning, unit, default.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>

namespace troupe::centrifuge {

/// Of /connection/websocket.
struct client_options {
  bool allow_anonymous_connect_without_token = false; ///< Else such a connect ends in bad_request.
  bool disallow_anonymous_connection_tokens = false;  ///< Tokens have to name a user.
  std::chrono::milliseconds ping_interval{25'000};    ///< 0 turns pings off.
  std::chrono::milliseconds pong_timeout{8'000};      ///< 0 does not ask for pongs.
  std::chrono::milliseconds stale_close_delay{10'000}; ///< From the upgrade to the end of connect.
  std::chrono::milliseconds expired_close_delay{25'000}; ///< From expiry to the end of a connection.
  std::chrono::milliseconds expired_sub_close_delay{25'000}; ///< The same of a subscription.
  std::size_t queue_max_size = 1024 * 1024; ///< Bytes not sent yet; more: slow. Of publications the
                                            ///< namespace's slow_consumer decides first.
  std::size_t channel_limit = 128;          ///< Subscriptions of one connection.
  std::size_t user_connection_limit = 0;    ///< Connections of one user; 0: no limit.
  bool single_connection = false; ///< A user's new connection closes the older ones: connection_limit.
  bool insecure = false; ///< Everybody may connect, and do in channels what they can: for development.
  bool connect_include_server_time = false; ///< Tell the time in the reply to connect.
  bool subscribe_to_user_personal_channel = false; ///< Every user's connections, by the server.
  std::string user_personal_channel_namespace;     ///< Empty: the channel has none.

  /// Replies not sent yet, in bytes; more: slow. A policy that drops takes back up to queue_max_size of
  /// publications and has the client recover them at once, so that much must fit on top of the rest.
  [[nodiscard]] constexpr std::size_t max_reply_bytes() const noexcept { return 2 * queue_max_size; }

  /// Payloads of one recovery, in bytes, with room left for what is written around them; more: not
  /// recovered.
  [[nodiscard]] constexpr std::size_t max_recovered_bytes() const noexcept {
    return queue_max_size + queue_max_size / 2;
  }
};

} // namespace troupe::centrifuge
