// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What questions look like on their way to a webhook, and its answers on theirs back: docs/webhooks.md shows
// them. Pure functions.
#pragma once
#include <troupe/centrifuge/backend.hpp>
#include <troupe/hooks/messages.hpp>
#include <troupe/net/webhooks/options.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::net::webhooks::internal {

using namespace troupe::centrifuge;

// -- questions ---

std::string text_of(const ask_connect& m, const webhook_options& o);
std::string text_of(const ask_refresh& m, const webhook_options& o);
std::string text_of(const ask_subscribe& m, const webhook_options& o);
std::string text_of(const ask_publish& m, const webhook_options& o);
std::string text_of(const ask_sub_refresh& m, const webhook_options& o);
std::string text_of(const hooks::call& m, const webhook_options& o);

// -- answers ---

/// {"result":…}, {"error":…} or {"disconnect":…}, the last of which wins; all may be missing.
struct envelope {
  std::optional<payload> result; ///< An object.
  std::optional<denial> denied;
};
/// Nothing if it is none, or a code is not an application's.
std::optional<envelope> read_envelope(std::string_view body);

// What an envelope says to each question; nothing if it makes no sense.
std::optional<connect_ruling> as_connect(const envelope& e, std::chrono::system_clock::time_point now);
std::optional<refresh_ruling> as_refresh(const envelope& e, std::chrono::system_clock::time_point now);
std::optional<subscribe_ruling> as_subscribe(const envelope& e, std::chrono::system_clock::time_point now);
std::optional<publish_ruling> as_publish(const envelope& e);
std::optional<hooks::call_result> as_call(const envelope& e);

} // namespace troupe::net::webhooks::internal
