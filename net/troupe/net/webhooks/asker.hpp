// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ASKER: sends questions to webhooks for an actor, and hands it what they answer.
// Thread: its actor's, but for `send`. Bounded by: the web client; each client of the server asks one question at
// a time. Each question ends by its deadline.
#pragma once
#include <troupe/event_log.hpp>
#include <troupe/live.hpp>
#include <troupe/net/web/client.hpp>
#include <troupe/net/webhooks/breaker.hpp>
#include <troupe/net/webhooks/counters.hpp>
#include <troupe/net/webhooks/internal/envelope.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace troupe::net::webhooks {

/// To an actor that asks, from the web client.
struct hook_answered {
  std::uint64_t ticket = 0;
  web::outcome what;
};

/// Options that may be changed while they are used: those that come hold from the next question on.
using live_options = shared_live<webhook_options>;

struct asker_settings {
  live_options options; ///< Valid ones.
  /// As web::client::send().
  std::function<void(web::request, std::function<void(web::outcome)>)> send;
  std::shared_ptr<counters> figures = std::make_shared<counters>();
  event_log* log = &event_log::none(); ///< Outlives it.
};

class asker {
public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Takes what was answered; nothing: no proper answer.
  using continuation = std::function<void(std::optional<internal::envelope>)>;

  /// @param tell Hands a message to the actor, from any thread.
  asker(asker_settings settings, std::function<void(hook_answered)> tell);

  /// @param repeat Whether the webhook may see it twice.
  void ask(hook about, std::string text, const troupe::centrifuge::request_headers* headers, web::delivery repeat,
           time_point now, continuation then);
  void on_answered(const hook_answered& m, time_point now);
  /// An answer was well-formed but made no sense.
  void complain(hook about, const char* why);

  /// Those of now.
  [[nodiscard]] const webhook_options& options() const noexcept { return settings_.options.get(); }

private:
  struct open_question {
    hook about;
    time_point asked;
    continuation then;
  };
  /// Goes by the options of now.
  void renew();
  void read_rules();
  [[nodiscard]] std::optional<internal::envelope> read(const web::outcome& what, std::string& why) const;
  void note_success(hook about);
  void note_failure(hook about, const std::string& why, time_point now);

  asker_settings settings_;
  std::function<void(hook_answered)> tell_;
  const webhook_options* seen_; // the rest is made of them
  std::vector<status_rule> rules_;
  web::header_list fixed_;
  std::vector<breaker> breakers_; // by hook
  std::unordered_map<std::uint64_t, open_question> open_;
  std::uint64_t last_ticket_ = 0;
};

} // namespace troupe::net::webhooks

CAF_BEGIN_TYPE_ID_BLOCK(troupe_webhooks, 33000)
  CAF_ADD_TYPE_ID(troupe_webhooks, (troupe::net::webhooks::hook_answered))
CAF_END_TYPE_ID_BLOCK(troupe_webhooks)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::webhooks::hook_answered)
