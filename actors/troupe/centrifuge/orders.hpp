// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ORDERS: what other servers have a CLIENT do, through the API: subscribe, unsubscribe, live longer. A
// client carries them out between its own commands, one after another.
#pragma once
#include <troupe/centrifuge/authentication.hpp>
#include <troupe/centrifuge/codes.hpp>
#include <troupe/centrifuge/publication.hpp>

#include <optional>
#include <string>

namespace troupe::centrifuge {

/// Subscribes it as its server would, whatever its permissions; a subscribe push tells it. One that is
/// subscribed already is already_subscribed; one that has too many subscriptions closes: channel_limit.
struct grant_subscription {
  std::string channel;
  subscription_terms terms;
  /// Publications after it follow the push. Where it is gone the subscription begins at the stream's end.
  std::optional<stream_position> recover_since;
  time_left expires_in;
};

/// Ends a subscription, whoever made it; an unsubscribe push tells it. One that is not there is no error.
struct revoke_subscription {
  std::string channel;
};

/// Gives its connection another end, which a refresh push tells.
struct renew_connection {
  time_left expires_in;
  payload info; ///< Empty: stays as it is.
};

struct carried_out {
  std::optional<error_code> failed;
};

} // namespace troupe::centrifuge
