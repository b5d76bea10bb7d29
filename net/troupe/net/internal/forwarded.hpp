// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Reads from whom trusted proxies say a request comes. Pure functions.
#pragma once
#include <troupe/net/internal/networks.hpp>
#include <troupe/net/options.hpp>

#include <optional>
#include <string_view>

namespace troupe::net {

/// The client's address by the value of the header, several of them joined by commas: from the right the first
/// that is no trusted proxy, or the leftmost one if all are. What stands left of something that is no address
/// does not count. Nothing if that leaves none.
[[nodiscard]] std::optional<boost::asio::ip::address>
client_address(proxy_header kind, std::string_view value, const networks& trusted);

} // namespace troupe::net
