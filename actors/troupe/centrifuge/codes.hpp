// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Every number the Centrifuge protocol gives to a failure, with its text and what a client does
// about it. Clients decide by the number alone, so the ranges below are as much part of the wire as
// the numbers.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace troupe::centrifuge {

/// A code and its text as sent to the client.
template <class Code>
struct code_row {
  Code code;
  std::string_view text;
};
template <class Code>
code_row(Code, std::string_view) -> code_row<Code>;

// -- errors in replies ---

/// Why a command failed.
enum class error_code : std::uint32_t {
  internal = 100,
  unauthorized = 101,
  unknown_channel = 102,
  permission_denied = 103,
  method_not_found = 104,
  already_subscribed = 105,
  limit_exceeded = 106,
  bad_request = 107,
  not_available = 108,
  token_expired = 109, ///< The client fetches a new token and tries again.
  expired = 110,
  too_many_requests = 111,
  unrecoverable_position = 112,
};

/// Every one with its text.
inline constexpr std::array error_table{
    code_row{error_code::internal, "internal server error"},
    code_row{error_code::unauthorized, "unauthorized"},
    code_row{error_code::unknown_channel, "unknown channel"},
    code_row{error_code::permission_denied, "permission denied"},
    code_row{error_code::method_not_found, "method not found"},
    code_row{error_code::already_subscribed, "already subscribed"},
    code_row{error_code::limit_exceeded, "limit exceeded"},
    code_row{error_code::bad_request, "bad request"},
    code_row{error_code::not_available, "not available"},
    code_row{error_code::token_expired, "token expired"},
    code_row{error_code::expired, "expired"},
    code_row{error_code::too_many_requests, "too many requests"},
    code_row{error_code::unrecoverable_position, "unrecoverable position"},
};

// -- ends of a subscription ---

/// Sent in an unsubscribe push. Below 2500 the subscription is over; from 2500 on the client
/// subscribes again at once.
enum class unsubscribe_code : std::uint32_t {
  server_unsubscribe = 2000,
  insufficient_state = 2500,   ///< Subscribe again from the last position.
  subscription_expired = 2501, ///< Subscribe again with a new token.
  state_invalidated = 2502,    ///< Forget token and position, then subscribe again.
};

/// Every one with its text.
inline constexpr std::array unsubscribe_table{
    code_row{unsubscribe_code::server_unsubscribe, "server unsubscribe"},
    code_row{unsubscribe_code::insufficient_state, "insufficient state"},
    code_row{unsubscribe_code::subscription_expired, "subscription expired"},
    code_row{unsubscribe_code::state_invalidated, "state invalidated"},
};

// -- ends of a connection ---

/// Code of the WebSocket close frame. The text beside it is the close reason: short, ASCII, and no
/// JSON value, since clients try to read it as one.
enum class disconnect_code : std::uint32_t {
  shutdown = 3001,
  internal = 3004,
  connection_expired = 3005,
  subscription_expired = 3006,
  slow = 3008,
  write_error = 3009,
  insufficient_state = 3010,
  force_reconnect = 3011,
  no_pong = 3012,
  too_many_requests = 3013,
  state_invalidated = 3014,
  invalid_token = 3500,
  bad_request = 3501,
  stale = 3502,
  force_disconnect = 3503,
  connection_limit = 3504,
  channel_limit = 3505,
  inappropriate_protocol = 3506,
  permission_denied = 3507,
  not_available = 3508,
  too_many_errors = 3509,
};

/// Every one with its text.
inline constexpr std::array disconnect_table{
    code_row{disconnect_code::shutdown, "shutdown"},
    code_row{disconnect_code::internal, "internal server error"},
    code_row{disconnect_code::connection_expired, "connection expired"},
    code_row{disconnect_code::subscription_expired, "subscription expired"},
    code_row{disconnect_code::slow, "slow"},
    code_row{disconnect_code::write_error, "write error"},
    code_row{disconnect_code::insufficient_state, "insufficient state"},
    code_row{disconnect_code::force_reconnect, "force reconnect"},
    code_row{disconnect_code::no_pong, "no pong"},
    code_row{disconnect_code::too_many_requests, "too many requests"},
    code_row{disconnect_code::state_invalidated, "state invalidated"},
    code_row{disconnect_code::invalid_token, "invalid token"},
    code_row{disconnect_code::bad_request, "bad request"},
    code_row{disconnect_code::stale, "stale"},
    code_row{disconnect_code::force_disconnect, "force disconnect"},
    code_row{disconnect_code::connection_limit, "connection limit"},
    code_row{disconnect_code::channel_limit, "channel limit"},
    code_row{disconnect_code::inappropriate_protocol, "inappropriate protocol"},
    code_row{disconnect_code::permission_denied, "permission denied"},
    code_row{disconnect_code::not_available, "not available"},
    code_row{disconnect_code::too_many_errors, "too many errors"},
};

// -- look-ups ---

namespace detail {

template <class Table, class Code>
constexpr std::string_view text_of(const Table& table, Code code) noexcept {
  for (const auto& row : table)
    if (row.code == code) return row.text;
  return "unknown";
}

} // namespace detail

/// Its text, as clients get it.
constexpr std::string_view to_string(error_code code) noexcept {
  return detail::text_of(error_table, code);
}
/// Likewise.
constexpr std::string_view to_string(unsubscribe_code code) noexcept {
  return detail::text_of(unsubscribe_table, code);
}
/// Likewise.
constexpr std::string_view to_string(disconnect_code code) noexcept {
  return detail::text_of(disconnect_table, code);
}

/// Whether the client may try the same request again later.
constexpr bool is_temporary(error_code code) noexcept {
  return code == error_code::internal || code == error_code::too_many_requests;
}

/// Whether the client subscribes again after an unsubscribe push with this code.
constexpr bool resubscribes(unsubscribe_code code) noexcept {
  return static_cast<std::uint32_t>(code) >= 2500;
}

/// Whether a client connects again after a close frame with this code: 3500 to 3999 and 4500 to
/// 4999 are final, for codes of the server and of applications (4000 to 4999) alike.
constexpr bool reconnects(std::uint32_t close_code) noexcept {
  return close_code < 3500 || (close_code >= 4000 && close_code < 4500) || close_code >= 5000;
}

} // namespace troupe::centrifuge
