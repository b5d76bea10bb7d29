// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What an application's own server is asked, and how. docs/webhooks.md explains them.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::net::webhooks {

/// What a status other than 200 becomes for the client.
struct status_rule {
  unsigned status = 0;
  std::uint32_t code = 0; ///< 400 to 1999: an error; 4000 to 4999: the client is closed so.
  std::string text;

  /// Whether it closes the client.
  [[nodiscard]] bool closes() const noexcept { return code >= 4000; }
};

/// Questions to an application's own server; all off unless set.
struct webhook_options {
  std::string connect;     ///< http or https URL that is asked about clients without a token; empty: none is.
  std::string refresh;     ///< About clients that `connect` let in for a time.
  std::string subscribe;   ///< In namespaces with subscribe_proxy_enabled.
  std::string publish;     ///< In namespaces with publish_proxy_enabled.
  std::string sub_refresh; ///< In namespaces with sub_refresh_proxy_enabled.
  std::string rpc;         ///< Methods that no actor of the program has.
  std::chrono::milliseconds timeout{1'000};
  std::vector<std::string> http_headers;     ///< Of the upgrade request, passed on.
  std::vector<std::string> emulated_headers; ///< Of the client's connect command, passed on.
  std::vector<std::string> static_headers;   ///< "Name: value", added.
  std::vector<std::string> status_codes;     ///< "404=404:not found"; see parse_status_rule().
  bool binary_encoding = false;              ///< Payloads travel as b64data and b64info.
  bool include_connection_meta = false;
  std::size_t max_open = 64;         ///< Requests under way to one server.
  std::size_t max_waiting = 1'024;   ///< For one of those to end; more fail at once.
  std::size_t breaker_failures = 20; ///< In a row; then a hook is not asked for breaker_pause. 0: always asked.
  std::chrono::milliseconds breaker_pause{2'000};

  /// Whether one is on.
  [[nodiscard]] bool any() const noexcept {
    return !connect.empty() || !refresh.empty() || !subscribe.empty() || !publish.empty() ||
           !sub_refresh.empty() || !rpc.empty();
  }
  friend bool operator==(const webhook_options&, const webhook_options&) = default;
};

/// "STATUS=CODE:text". Nothing if it is none.
std::optional<status_rule> parse_status_rule(std::string_view text);

/// Whether it is "Name: value" as a request may carry it.
bool is_header_line(std::string_view text);
/// Whether it is a header's name that may be passed on: not one of those that make the connection.
bool is_header_name(std::string_view text);

} // namespace troupe::net::webhooks
