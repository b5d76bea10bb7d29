// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What the server says: replies and pushes of the Centrifuge protocol as plain values. Every zero
// value is left out on the wire unless the protocol wants it there; that is the codecs' business.
#pragma once
#include <troupe/centrifuge/codes.hpp>
#include <troupe/centrifuge/publication.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::centrifuge {

/// The request failed; the connection goes on (except after a failed connect).
struct error_result {
  std::uint32_t code = 0; ///< An error_code, or 400 to 1999 for an application's own.
  std::string message;
  bool temporary = false; ///< The client may try again.

  error_result() = default;
  /// An error of the application's own. @param number 400 to 1999.
  error_result(std::uint32_t number, std::string text, bool may_retry)
      : code(number), message(std::move(text)), temporary(may_retry) {}
  /// One of the protocol, with its text; see codes.hpp.
  explicit error_result(error_code known)
      : code(static_cast<std::uint32_t>(known)), message(to_string(known)),
        temporary(is_temporary(known)) {}
};

/// When something ends unless the client refreshes it. Absent: never, or the server refreshes it
/// itself.
using expiry = std::optional<std::chrono::seconds>;

/// The client is subscribed.
struct subscribe_result {
  expiry expires_in;
  bool positioned = false;
  bool recoverable = false;
  stream_position position;            ///< Left at zero unless positioned or recoverable.
  bool was_recovering = false;         ///< The request asked for recovery.
  bool recovered = false;              ///< Nothing was missed; `publications` fill the gap.
  std::vector<rendition> publications; ///< Oldest first.
  payload data;
  bool delta = false; ///< Deltas were negotiated.
};

/// Where a client without a WebSocket sends its commands: it names both in each request.
struct stream_address {
  std::string session; ///< A secret of this connection; empty: it has a WebSocket.
  std::string node;    ///< UID of the node that has it.
};

/// The client is connected.
struct connect_result {
  std::string client;  ///< Connection ID, never empty.
  std::string version; ///< Of the server.
  expiry expires_in;
  payload data;
  std::map<std::string, subscribe_result> subs; ///< Server-side subscriptions by channel.
  std::chrono::seconds ping{0};                 ///< Interval of the server's pings; 0: none.
  bool pong = false;                            ///< The client must answer them.
  std::chrono::milliseconds time{0};            ///< Server's Unix time, if it is to be told.
  stream_address where;                              ///< Of a connection without a WebSocket.
};

/// It is not subscribed, whether it was or not.
struct unsubscribe_result {};
/// It is published: all subscribers' queues have it.
struct publish_result {};

/// Who is in a channel.
struct presence_result {
  std::map<std::string, client_info> clients; ///< By connection ID.
};

/// How many are.
struct presence_stats_result {
  std::uint32_t clients = 0;
  std::uint32_t users = 0; ///< Distinct ones.
};

/// What a channel keeps.
struct history_result {
  std::vector<publication_ptr> publications;
  stream_position position; ///< Top of the stream.
};

/// What a method returned.
struct rpc_result {
  payload data;
};

/// The connection goes on.
struct refresh_result {
  expiry expires_in;
};

/// The subscription does.
struct sub_refresh_result {
  expiry expires_in;
};

/// What came of a command.
using result = std::variant<error_result, connect_result, subscribe_result, unsubscribe_result,
                            publish_result, presence_result, presence_stats_result, history_result,
                            rpc_result, refresh_result, sub_refresh_result>;

/// The answer to one command. Replies come in the order of the commands.
struct reply {
  std::uint32_t id = 0; ///< Of the command; never 0.
  result body;
};

// -- pushes ---

/// Somebody has subscribed.
struct join_push {
  client_info info;
};

/// Somebody is not subscribed any more.
struct leave_push {
  client_info info;
};

/// The server ended a subscription.
struct unsubscribe_push {
  unsubscribe_code code = unsubscribe_code::server_unsubscribe;
};

/// The server subscribed the client.
struct subscribe_push {
  bool positioned = false;
  bool recoverable = false;
  stream_position position;
  payload data;
};

/// The connection ends: where there is no close frame to say so. Belongs to no channel.
struct disconnect_push {
  std::uint32_t code = 0;
  std::string reason;
};

/// To this client only; belongs to no channel.
struct message_push {
  payload data;
};

/// The connection's credentials were refreshed by the server; belongs to no channel.
struct refresh_push {
  expiry expires_in;
};

/// What no command asked for.
struct push {
  std::string channel; ///< Empty if and only if the body belongs to no channel.
  std::variant<rendition, join_push, leave_push, unsubscribe_push, subscribe_push, message_push,
               refresh_push, disconnect_push>
      body;
};

} // namespace troupe::centrifuge
