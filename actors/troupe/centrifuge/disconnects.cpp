// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/disconnects.hpp>

#include <array>

namespace troupe::centrifuge {
namespace {

struct row {
  close_reason reason;
  disconnect_code code;
};

constexpr std::array rows{
    row{close_reason::kicked, disconnect_code::force_disconnect},
    row{close_reason::shutting_down, disconnect_code::shutdown},
    row{close_reason::slow_consumer, disconnect_code::slow},
    row{close_reason::write_timeout, disconnect_code::write_error},
    row{close_reason::pong_timeout, disconnect_code::no_pong},
    row{close_reason::internal_error, disconnect_code::internal},
    row{close_reason::invalid_token, disconnect_code::invalid_token},
    row{close_reason::bad_request, disconnect_code::bad_request},
    row{close_reason::stale, disconnect_code::stale},
    row{close_reason::channel_limit, disconnect_code::channel_limit},
    row{close_reason::insufficient_state, disconnect_code::insufficient_state},
    row{close_reason::inappropriate_protocol, disconnect_code::inappropriate_protocol},
    row{close_reason::not_available, disconnect_code::not_available},
    row{close_reason::connection_limit, disconnect_code::connection_limit},
    row{close_reason::connection_expired, disconnect_code::connection_expired},
    row{close_reason::subscription_expired, disconnect_code::subscription_expired},
    row{close_reason::permission_denied, disconnect_code::permission_denied},
    row{close_reason::too_many_requests, disconnect_code::too_many_requests},
};

} // namespace

close_status status_of(close_reason reason) { return translated(close_status::of(reason)); }

close_status translated(const close_status& status) {
  const bool chosen = status.code != info(status.reason).code || status.text != info(status.reason).text;
  if (status.reason == close_reason::kicked && chosen) return status;
  for (const auto& [reason, code] : rows)
    if (reason == status.reason)
      return {reason, static_cast<std::uint16_t>(code), std::string{to_string(code)}};
  return status;
}

} // namespace troupe::centrifuge
