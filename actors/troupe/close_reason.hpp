// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Why connections end: one table for close frames, down messages, counters and the documentation.
#pragma once
#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// Every way in which a connection can end. Append only: values travel in errors.
enum class close_reason : std::uint8_t {
  none = 0, ///< Still open. CAF reserves error code 0 for "no error".
  peer_closed,
  peer_gone,
  peer_reset,
  kicked,
  shutting_down,
  slow_consumer,
  write_timeout,
  pong_timeout,
  idle,
  protocol_error,
  invalid_utf8,
  message_too_big,
  too_many_fragments,
  control_overflow,
  message_timeout,
  internal_error,
  invalid_token,
  bad_request,
  stale,
  connect_refused,
  channel_limit,
  insufficient_state,
  inappropriate_protocol,
  not_available,
  extension_overloaded,
  extension_failed,
  connection_limit,
  connection_expired,
  subscription_expired,
  permission_denied,
  too_many_requests,
};

/// Who ended it.
enum class initiator : std::uint8_t { client, server, network };

/// One row of the table in docs/operations.md.
struct close_reason_info {
  close_reason reason;
  std::string_view name;  ///< For logs, metrics and the console.
  std::uint16_t code;     ///< Close code sent to the client; 0 when nothing is sent.
  std::string_view text;  ///< Reason in the close frame; at most 123 bytes (RFC 6455, section 5.5).
  initiator by;
  std::string_view meaning;
};

/// Every reason, by its value.
inline constexpr std::array close_reasons{
  close_reason_info{close_reason::none, "none", 0, "", initiator::server, "the connection is open"},
  close_reason_info{close_reason::peer_closed, "peer_closed", 0, "", initiator::client,
                    "the client sent a close frame; its code is echoed"},
  close_reason_info{close_reason::peer_gone, "peer_gone", 0, "", initiator::network,
                    "the stream ended without a close frame"},
  close_reason_info{close_reason::peer_reset, "peer_reset", 0, "", initiator::network,
                    "the transport failed, for example by a TCP reset"},
  close_reason_info{close_reason::kicked, "kicked", 4001, "kicked", initiator::server,
                    "an operator or an actor closed it; it may choose another code and text"},
  close_reason_info{close_reason::shutting_down, "shutting_down", 1001, "shutting down",
                    initiator::server, "the server drains; reconnect elsewhere or later"},
  close_reason_info{close_reason::slow_consumer, "slow_consumer", 4008, "slow consumer",
                    initiator::server, "its outbox was full and the policy is disconnect"},
  close_reason_info{close_reason::write_timeout, "write_timeout", 4009, "write timeout",
                    initiator::server, "a blocked send made no progress for the write timeout"},
  close_reason_info{close_reason::pong_timeout, "pong_timeout", 4012, "no pong", initiator::server,
                    "no sign of life for the pong timeout after a ping"},
  close_reason_info{close_reason::idle, "idle", 4010, "idle", initiator::server,
                    "no message from the client for the idle timeout"},
  close_reason_info{close_reason::protocol_error, "protocol_error", 1002, "protocol error",
                    initiator::server, "the client broke the WebSocket protocol"},
  close_reason_info{close_reason::invalid_utf8, "invalid_utf8", 1007, "invalid UTF-8",
                    initiator::server, "a text message was not UTF-8"},
  close_reason_info{close_reason::message_too_big, "message_too_big", 1009, "message too big",
                    initiator::server, "a message exceeded the message limit"},
  close_reason_info{close_reason::too_many_fragments, "too_many_fragments", 1009,
                    "too many fragments", initiator::server,
                    "a message came in more fragments than the limit"},
  close_reason_info{close_reason::control_overflow, "control_overflow", 1008,
                    "too many control frames", initiator::server,
                    "the client made the server queue more control frames than the limit"},
  close_reason_info{close_reason::message_timeout, "message_timeout", 1008, "message timeout",
                    initiator::server, "a message was begun but not finished in time"},
  close_reason_info{close_reason::internal_error, "internal_error", 1011, "internal error",
                    initiator::server, "its actor failed; others are not affected"},
  // Of the Centrifuge protocol only: docs/protocol.md.
  close_reason_info{close_reason::invalid_token, "invalid_token", 3500, "invalid token",
                    initiator::server, "the token in connect or refresh is not valid"},
  close_reason_info{close_reason::bad_request, "bad_request", 3501, "bad request",
                    initiator::server,
                    "the client broke the protocol, or connected without credentials"},
  close_reason_info{close_reason::stale, "stale", 3502, "stale", initiator::server,
                    "the client did not connect in time after the upgrade"},
  close_reason_info{close_reason::connect_refused, "connect_refused", 0, "", initiator::server,
                    "connect was answered with an error and the client did not leave"},
  close_reason_info{close_reason::channel_limit, "channel_limit", 3505, "channel limit",
                    initiator::server, "connect asked for too many channels"},
  close_reason_info{close_reason::insufficient_state, "insufficient_state", 3010,
                    "insufficient state", initiator::server,
                    "publications of a server-side subscription were lost; reconnect recovers them"},
  close_reason_info{close_reason::inappropriate_protocol, "inappropriate_protocol", 3506,
                    "inappropriate protocol", initiator::server,
                    "a payload that is no JSON was due to a client that speaks JSON"},
  close_reason_info{close_reason::not_available, "not_available", 3508, "not available",
                    initiator::server, "the client sent a message that nobody handles"},
  // Of routes and other extensions.
  close_reason_info{close_reason::extension_overloaded, "extension_overloaded", 1013,
                    "try again later", initiator::server,
                    "more messages wait for its route's actor than the limit"},
  close_reason_info{close_reason::extension_failed, "extension_failed", 1011, "not available",
                    initiator::server, "its route's actor failed too often and is not restarted"},
  close_reason_info{close_reason::connection_limit, "connection_limit", 3504, "connection limit",
                    initiator::server, "the user has too many connections, or a newer one"},
  close_reason_info{close_reason::connection_expired, "connection_expired", 3005,
                    "connection expired", initiator::server,
                    "its token expired and was not refreshed in time"},
  close_reason_info{close_reason::subscription_expired, "subscription_expired", 3006,
                    "subscription expired", initiator::server,
                    "a subscription was to be refreshed with a token that has expired"},
  close_reason_info{close_reason::permission_denied, "permission_denied", 3507,
                    "permission denied", initiator::server,
                    "its token names no user, and has to"},
  close_reason_info{close_reason::too_many_requests, "too_many_requests", 4013,
                    "too many requests", initiator::server,
                    "a message was beyond the rate of its connection, user or address"},
};

/// The row of a reason.
constexpr const close_reason_info& info(close_reason reason) noexcept {
  return close_reasons[static_cast<std::size_t>(reason)];
}

/// Its name, as logs and metrics have it.
inline std::string to_string(close_reason reason) { return std::string{info(reason).name}; }

/// What the server says when it closes: the table's row, or for kicked what the kicker chose.
struct close_status {
  close_reason reason = close_reason::none;
  std::uint16_t code = 0;
  std::string text;

  /// As the table has it.
  static close_status of(close_reason reason) {
    return {reason, info(reason).code, std::string{info(reason).text}};
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, close_status& x) {
    return f(x.reason, x.code, x.text);
  }
};

/// How a connection really ended. Travels as the context of the exit reason.
struct close_record {
  close_reason reason = close_reason::none;
  std::uint16_t code_sent = 0;     ///< Of our close frame; 0 if none was sent.
  std::uint16_t code_received = 0; ///< Of the client's close frame; 0 if none came, 1005 if it had no code.
  std::string text;                ///< Of the close frame that came first, ours or the client's.

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, close_record& x) {
    return f(x.reason, x.code_sent, x.code_received, x.text);
  }
};

/// The record in a connection's exit reason; reasons that are not ours count as internal errors.
[[nodiscard]] close_record record_of(const caf::error& exit_reason);

} // namespace troupe

CAF_ERROR_CODE_ENUM(troupe::close_reason, "closed")
