// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a client may do in a channel without a token, from the namespace's options alone. Pure
// functions.
#pragma once
#include <troupe/centrifuge/authentication.hpp>
#include <troupe/centrifuge/channel_name.hpp>
#include <troupe/centrifuge/channel_options.hpp>

#include <string_view>

namespace troupe::centrifuge {

/// Who asks.
struct requester {
  std::string_view user;      ///< Empty if anonymous.
  bool is_subscribed = false; ///< To the channel in question, now.
};

/// Never for a private channel. In a user-limited one the list of users alone decides.
bool may_subscribe(const channel_options& options, const channel_syntax& syntax,
                   std::string_view channel, std::string_view user);

bool may_publish(const channel_options& options, const requester& who);
bool may_see_presence(const channel_options& options, const requester& who);
bool may_read_history(const channel_options& options, const requester& who);

/// What the options are for a subscription whose token replaces some.
channel_options overridden(channel_options options, const option_overrides& overrides);

/// What a subscription is granted: forced by the namespace, or wished for and allowed.
struct subscription_features {
  bool positioned = false; ///< Lost publications are detected.
  bool recoverable = false;
  bool join_leave = false; ///< Joins and leaves are pushed.
};

/// `wishes` are those of the request; ones that are not allowed are ignored. For the check of
/// history and presence access the client counts as subscribed.
subscription_features granted(const channel_options& options, const subscription_features& wishes,
                              std::string_view user);

} // namespace troupe::centrifuge
