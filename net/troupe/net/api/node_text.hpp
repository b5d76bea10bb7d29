// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Requests and answers of the server API as nodes pass them to each other: the same JSON that others send and get.
// Thread: any.
#pragma once
#include <troupe/net/api/answers.hpp>
#include <troupe/net/api/requests.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace troupe::net::api {

/// Methods that are about the connections of all nodes.
template <class Request>
inline constexpr bool is_about_nodes =
  std::is_base_of_v<chosen_connections, Request> || std::is_same_v<Request, channels_request> ||
  std::is_same_v<Request, info_request> || std::is_same_v<Request, connections_request>;

// The body with which read_request() reads the same request.
std::string request_text(const subscribe_request& r);
std::string request_text(const unsubscribe_request& r);
std::string request_text(const disconnect_request& r);
std::string request_text(const refresh_request& r);
std::string request_text(const channels_request& r);
std::string request_text(const info_request& r);
std::string request_text(const connections_request& r);

/// What an enveloped() answer says.
answer answer_of(std::string_view enveloped);

/// One answer of those of several nodes: the first failure, the sum of channels' figures, all nodes of info.
answer merged(std::string_view method, const std::vector<answer>& said);

/// A page of connections of one node, whose cursor is for all nodes: it goes on there, or with the node `next`, if it is
/// not empty.
std::string with_cursor_of_node(const std::string& page, const std::string& uid, const std::string& next);

} // namespace troupe::net::api
