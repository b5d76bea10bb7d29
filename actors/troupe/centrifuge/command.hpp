// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a client asks for: the commands of the Centrifuge protocol as plain values, whatever the
// encoding they came in. Fields that Troupe does not support are left out here and ignored on the
// wire.
#pragma once
#include <troupe/centrifuge/publication.hpp>
#include <troupe/centrifuge/tags_filter.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::centrifuge {

/// Subscribe me.
struct subscribe_request {
  std::string channel;
  std::string token;        ///< JWT of the subscription; empty for none.
  bool recover = false;     ///< Continue from (offset, epoch).
  std::string epoch;        ///< May be empty even if recover is set.
  std::uint64_t offset = 0; ///< Last one seen.
  payload data;             ///< For custom authorisation only.
  bool positioned = false;  ///< Wish.
  bool recoverable = false; ///< Wish.
  bool join_leave = false;  ///< Wish.
  std::string delta;        ///< Empty or "fossil".
  std::optional<filter_node> filter;
  std::int64_t flag = 0; ///< Bits, see the constants below.
  std::int32_t type = 0; ///< Only 0, a stream, is supported; others: not_available.

  /// The client understands channel IDs in place of names. Never used by Troupe.
  static constexpr std::int64_t flag_channel_compaction = 1;
  /// Fail with unrecoverable_position rather than subscribe without what was missed.
  static constexpr std::int64_t flag_reject_unrecovered = 2;
};

/// The first command of a connection.
struct connect_request {
  std::string token; ///< JWT of the connection; empty for none.
  payload data;
  std::map<std::string, subscribe_request> subs; ///< By channel; `channel` inside is not filled.
  std::string name;                              ///< Kind of client, such as "js".
  std::string version;                           ///< Of the application.
  std::map<std::string, std::string> headers;    ///< Emulated request headers.
};

/// I want no more of this channel.
struct unsubscribe_request {
  std::string channel;
};

/// Publish this.
struct publish_request {
  std::string channel;
  payload data;
  std::int32_t type = 0; ///< Only 0 is supported; others: not_available.
};

/// Who is in this channel?
struct presence_request {
  std::string channel;
};

/// How many are in it?
struct presence_stats_request {
  std::string channel;
};

/// What has been published in it?
struct history_request {
  std::string channel;
  std::int32_t limit = 0; ///< 0: only the stream's position; negative: no limit of the client.
  std::optional<stream_position> since; ///< Exclusive.
  bool reverse = false;
};

/// Call a method.
struct rpc_request {
  std::string method;
  payload data;
};

/// Something for the server that has no answer.
struct send_request {
  payload data;
};

/// A new token for the connection, before its time is over.
struct refresh_request {
  std::string token;
};

/// Likewise for a subscription.
struct sub_refresh_request {
  std::string channel;
  std::string token;
};

/// An empty command: the answer to a ping.
struct pong {};

/// In the order in which one wins if a client sets several.
using request =
    std::variant<std::monostate, connect_request, subscribe_request, unsubscribe_request,
                 publish_request, presence_request, presence_stats_request, history_request,
                 rpc_request, send_request, refresh_request, sub_refresh_request, pong>;

/// What a client says. One frame may hold several.
struct command {
  std::uint32_t id = 0; ///< Copied to the reply. 0 for pong and, usually, send.
  request body;         ///< monostate only between a decoder and normalize().
};

/// Applies the rules that need no state of the connection: no ID and not a send makes it a pong; an
/// unknown request, an empty channel or an unknown kind of delta is a violation.
/// Returns what is wrong (a constant text), empty if nothing. A violation ends the connection with
/// disconnect_code::bad_request.
std::string_view normalize(command& received);

} // namespace troupe::centrifuge
