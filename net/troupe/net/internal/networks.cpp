// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/networks.hpp>

#include <algorithm>
#include <optional>
#include <variant>

namespace troupe::net {

namespace {

namespace ip = boost::asio::ip;

using network = std::variant<ip::network_v4, ip::network_v6>;

std::optional<network> parse(std::string_view text) {
  boost::system::error_code ec;
  if (text.find('/') == text.npos) {
    const auto one = ip::make_address(text, ec);
    if (ec) return std::nullopt;
    if (one.is_v4()) return ip::network_v4{one.to_v4(), 32};
    return ip::network_v6{one.to_v6(), 128};
  }
  if (const auto v4 = ip::make_network_v4(text, ec); !ec) return v4.canonical();
  if (const auto v6 = ip::make_network_v6(text, ec); !ec) return v6.canonical();
  return std::nullopt;
}

template <class Network, class Address>
bool holds(const Network& all, const Address& one) {
  return Network{one, all.prefix_length()}.canonical() == all;
}

} // namespace

bool is_network(std::string_view text) { return parse(text).has_value(); }

std::string counted_address(const ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  if (v6.is_link_local()) return v6.to_string();
  constexpr unsigned short network_bits = 64;
  return ip::network_v6{v6, network_bits}.canonical().to_string();
}

std::string counted_address(std::string_view address) {
  boost::system::error_code ec;
  const auto known = ip::make_address(address, ec);
  return ec ? std::string{address} : counted_address(known);
}

networks::networks(const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    const auto parsed = parse(text);
    if (!parsed) continue;
    if (const auto* v4 = std::get_if<ip::network_v4>(&*parsed)) v4_.push_back(*v4);
    else v6_.push_back(std::get<ip::network_v6>(*parsed));
  }
}

bool networks::contain(const ip::address& who) const {
  if (who.is_v6() && !who.to_v6().is_v4_mapped()) {
    const ip::address_v6 unscoped{who.to_v6().to_bytes()};
    return std::ranges::any_of(v6_, [&](const auto& each) { return holds(each, unscoped); });
  }
  const auto v4 = who.is_v4() ? who.to_v4() : ip::make_address_v4(ip::v4_mapped, who.to_v6());
  return std::ranges::any_of(v4_, [&](const auto& each) { return holds(each, v4); });
}

} // namespace troupe::net
