// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// NETWORKS: a set of addresses and networks, and who is in it. Immutable: any thread.
#pragma once
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace troupe::net {

/// Whether it is one: "10.0.0.0/8", "2001:db8::/32", "127.0.0.1".
[[nodiscard]] bool is_network(std::string_view text);

/// Whom an address counts as where addresses have limits. An IPv4 address as itself, also inside of an IPv6 one. Any other
/// IPv6 address as its network of 64 bits, such as "2001:db8::/64", for whoever has one address of it may have all (RFC
/// 4291, section 2.5.4); but a link-local one as itself.
[[nodiscard]] std::string counted_address(const boost::asio::ip::address& address);
/// Likewise; what is no address counts as itself.
[[nodiscard]] std::string counted_address(std::string_view address);

class networks {
public:
  networks() = default;
  /// @param texts Each is a network.
  explicit networks(const std::vector<std::string>& texts);

  /// An IPv4 address inside of an IPv6 one is that IPv4 address.
  [[nodiscard]] bool contain(const boost::asio::ip::address& who) const;

private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
};

} // namespace troupe::net
