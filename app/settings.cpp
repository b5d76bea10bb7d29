// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/settings.hpp"

#include <algorithm>

namespace troupe::app {

namespace {

constexpr std::string_view any_ipv4 = "0.0.0.0";
constexpr std::string_view any = "::"; // takes IPv4 too

bool is_ipv6(std::string_view address) { return address.find(':') != std::string_view::npos; }

} // namespace

std::vector<listening_port> ports_of(const settings& of) {
  const auto& s = of.server;
  std::vector<listening_port> all = {{"listen.port", s.listen.address, s.listen.port},
                                     {"tls.port", s.listen.address, s.tls.port},
                                     {"admin.port", s.admin.address, s.admin.port},
                                     {"metrics.port", s.metrics.address, s.metrics.port},
                                     {"api.port", s.api.address, s.api.port},
                                     {"console.port", of.console.address, of.console.port}};
  std::erase_if(all, [](const auto& one) { return one.port == 0; });
  return all;
}

bool addresses_overlap(const std::string& one, const std::string& other) {
  if (one == other || one == any || other == any) return true;
  return (one == any_ipv4 && !is_ipv6(other)) || (other == any_ipv4 && !is_ipv6(one));
}

} // namespace troupe::app
