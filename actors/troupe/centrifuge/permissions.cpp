// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/permissions.hpp>

namespace troupe::centrifuge {
namespace {

bool allowed(bool for_client, bool for_subscriber, bool for_anonymous, const requester& who) {
  if (who.user.empty() && !for_anonymous) return false;
  return for_client || (for_subscriber && who.is_subscribed);
}

} // namespace

bool may_subscribe(const channel_options& options, const channel_syntax& syntax,
                   std::string_view channel, std::string_view user) {
  if (is_private(channel, syntax)) return false;
  if (options.allow_user_limited_channels && is_user_limited(channel, syntax))
    return allows_user(channel, user, syntax);
  return allowed(options.allow_subscribe_for_client, false, options.allow_subscribe_for_anonymous,
                 {user});
}

bool may_publish(const channel_options& options, const requester& who) {
  return allowed(options.allow_publish_for_client, options.allow_publish_for_subscriber,
                 options.allow_publish_for_anonymous, who);
}

bool may_see_presence(const channel_options& options, const requester& who) {
  return allowed(options.allow_presence_for_client, options.allow_presence_for_subscriber,
                 options.allow_presence_for_anonymous, who);
}

bool may_read_history(const channel_options& options, const requester& who) {
  return allowed(options.allow_history_for_client, options.allow_history_for_subscriber,
                 options.allow_history_for_anonymous, who);
}

channel_options overridden(channel_options options, const option_overrides& o) {
  options.presence = o.presence.value_or(options.presence);
  options.join_leave = o.join_leave.value_or(options.join_leave);
  options.force_push_join_leave = o.force_push_join_leave.value_or(options.force_push_join_leave);
  options.force_positioning = o.force_positioning.value_or(options.force_positioning);
  options.force_recovery = o.force_recovery.value_or(options.force_recovery);
  return options;
}

subscription_features granted(const channel_options& options, const subscription_features& wishes,
                              std::string_view user) {
  const requester subscriber{user, true};
  const bool reads_history = may_read_history(options, subscriber);
  subscription_features result;
  if (options.has_history()) {
    result.recoverable =
        options.force_recovery || (wishes.recoverable && (options.allow_recovery || reads_history));
    result.positioned = result.recoverable || options.force_positioning ||
                        (wishes.positioned && (options.allow_positioning || reads_history));
  }
  result.join_leave =
      options.join_leave && (options.force_push_join_leave ||
                             (wishes.join_leave && may_see_presence(options, subscriber)));
  return result;
}

} // namespace troupe::centrifuge
