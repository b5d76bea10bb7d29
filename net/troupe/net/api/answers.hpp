// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What the server API answers: results as plain values, and the JSON around them. Zero values are left
// out but where the API wants them (docs/http-api.md).
#pragma once
#include <troupe/centrifuge/history.hpp>
#include <troupe/centrifuge/reply.hpp>
#include <troupe/messages.hpp>
#include <troupe/net/api/requests.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::net::api {

struct empty_result {};

struct publish_result {
  stream_position position;
};

struct channel_figures {
  std::uint64_t clients = 0;
};
struct channels_result {
  std::map<std::string, channel_figures> channels;
};

struct node_figures {
  std::string uid;
  std::string name;
  std::string version;
  std::uint64_t clients = 0;
  std::uint64_t users = 0;
  std::uint64_t channels = 0; ///< With subscribers.
  std::uint64_t uptime = 0;   ///< Seconds.
  std::uint64_t subscriptions = 0;
};
struct info_result {
  std::vector<node_figures> nodes;
};

struct connections_result {
  std::vector<listed_connection> connections;
  std::string cursor; ///< Of the next page; empty: this was the last.
};

struct rpc_result {
  payload data;
};

/// Why a request has no result: an error of the server, or an application's own.
struct failure {
  std::uint32_t code;
  std::string message;

  failure(error_code known); // as the API says it
  failure(std::uint32_t number, std::string text) : code(number), message(std::move(text)) {}
};

/// A failure, or the JSON text of a result.
using answer = std::variant<failure, std::string>;

std::string to_json(const empty_result& what);
std::string to_json(const publish_result& what);
std::string to_json(const troupe::centrifuge::presence_result& what);
std::string to_json(const troupe::centrifuge::presence_stats_result& what);
std::string to_json(const troupe::centrifuge::history_page& what);
std::string to_json(const channels_result& what);
std::string to_json(const info_result& what);
std::string to_json(const connections_result& what);
std::string to_json(const receipt& what);
/// A payload that is no JSON goes in base64.
std::string to_json(const rpc_result& what);

/// {"code":107,"message":"bad request"}
std::string to_json(const failure& what);
/// {"result":…} or {"error":…}
std::string enveloped(const answer& what);
/// The result of a broadcast: answers in the order of its channels.
std::string broadcast_json(const std::vector<answer>& what);
/// The result of a batch; `methods` are those of its commands, empty where there is none.
std::string batch_json(const std::vector<answer>& what,
                       const std::vector<std::string_view>& methods);
/// One line of the legacy form.
std::string legacy_json(const payload& id, const answer& what);

/// Nothing if the text names none.
std::optional<transport_kind> parse_transport(std::string_view text) noexcept;

/// In transport mode.
unsigned http_status(const failure& what) noexcept;

} // namespace troupe::net::api
