// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/dashboard.hpp"

#include "app/dashboard_pages.hpp"

namespace troupe::app {

namespace {

/// Scripts and styles of our own only, no text that becomes markup, no frames around it.
constexpr std::string_view policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; "
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

constexpr std::string_view path = "/admin";

} // namespace

std::vector<net::page> dashboard() {
  auto pages = dashboard_pages();
  for (auto& one : pages) {
    one.on = net::page_port::admin;
    if (one.path.starts_with("/admin/assets/")) one.keep = net::page_keeping::forever; // a hash is in the name
    else one.policy = policy;
  }
  for (const auto& one : pages)
    if (one.path == "/admin/") {
      auto same = one;
      same.path = path;
      pages.push_back(same);
      break;
    }
  return pages;
}

} // namespace troupe::app
