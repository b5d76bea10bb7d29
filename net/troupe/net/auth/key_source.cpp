// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/key_source.hpp>

#include <troupe/net/auth/jwks.hpp>
#include <troupe/net/web/client.hpp>

#include <utility>

namespace troupe::net::auth {

fetched_keys fetch_keys(const std::string& url) {
  constexpr int tries = 2;
  const auto address = web::parse_address(url).value();
  std::string why;
  for (int i = 0; i < tries; ++i) {
    auto got = web::fetch({.to = address});
    why = web::problem_of(got);
    if (!why.empty()) continue;
    auto& text = std::get<web::response>(got).body;
    auto keys = read_key_set(text);
    if (!keys) return {{}, {}, "the answer is no key set"};
    return {std::move(keys), std::move(text), {}};
  }
  return {{}, {}, why};
}

key_source_actor::behavior_type key_source(key_source_actor::pointer, event_log* log) {
  return {[log](const std::string& url) {
    auto fetched = fetch_keys(url);
    if (fetched.keys) return fetched.text;
    log->write(severity::warning, "keys_not_fetched",
               {{"endpoint", url.substr(0, url.find('?'))}, {"reason", fetched.why}});
    return std::string{};
  }};
}

} // namespace troupe::net::auth
