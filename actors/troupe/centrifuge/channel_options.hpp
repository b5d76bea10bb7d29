// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What the channels of a namespace can do. app/ reads them by name through visit_options(), so that
// a name exists once: the member, its key in the configuration and the errors of validate() are
// spelled the same.
#pragma once
#include <troupe/centrifuge/history.hpp>
#include <troupe/overflow.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::centrifuge {

/// What clients may publish; anything else is a bad_request.
enum class data_format : std::uint8_t {
  not_empty,   ///< Any bytes but none.
  json,        ///< A JSON value.
  json_object, ///< A JSON object.
  binary,      ///< Anything, nothing included.
};

struct channel_options {
  // -- presence ---
  bool presence = false;              ///< Keep who is subscribed.
  bool join_leave = false;            ///< Tell of subscribers that come and go.
  bool force_push_join_leave = false; ///< To every subscriber rather than those that ask.

  // -- history and recovery ---
  std::size_t history_size = 0;             ///< Publications kept; 0: none.
  std::chrono::seconds history_ttl{0};      ///< Dropped so long after the last one.
  std::chrono::seconds history_meta_ttl{0}; ///< Then epoch and offset are forgotten; 0: 720 hours.
  bool force_positioning = false;           ///< Detect lost publications for every subscriber.
  bool allow_positioning = false;           ///< For those that ask.
  bool force_recovery = false;              ///< Deliver what was missed to every subscriber.
  bool allow_recovery = false;              ///< To those that ask.
  recovery_mode force_recovery_mode = recovery_mode::stream;
  bool auto_cache_recover = false; ///< Send the latest publication to every new subscriber.
  std::vector<std::string> allowed_delta_types; ///< "fossil" or nothing.
  bool delta_publish = false; ///< Send client publications as deltas where negotiated.
  bool allow_tags_filter = false;

  // -- permissions ---
  bool allow_subscribe_for_client = false;
  bool allow_subscribe_for_anonymous = false; ///< As the one above, for anonymous users too.
  bool allow_publish_for_client = false;
  bool allow_publish_for_subscriber = false;
  bool allow_publish_for_anonymous = false;
  bool allow_presence_for_client = false;
  bool allow_presence_for_subscriber = false;
  bool allow_presence_for_anonymous = false;
  bool allow_history_for_client = false;
  bool allow_history_for_subscriber = false;
  bool allow_history_for_anonymous = false;
  bool allow_user_limited_channels = false; ///< "#" in a name lists the users who may subscribe.
  // A webhook decides instead, if there is one.
  bool subscribe_proxy_enabled = false;
  bool publish_proxy_enabled = false;
  bool sub_refresh_proxy_enabled = false;
  bool allow_wildcards = false; ///< "a.*.b" and "a.>" subscribe to all channels that they match.

  // -- what may be sent ---
  std::string channel_regex; ///< Has to occur in a channel's name; empty: names are ASCII.
  data_format publication_data_format = data_format::not_empty;

  // -- Troupe's own ---
  bool history_persistent = false; ///< History outlives the process, by a HISTORY STORE.
  mutable overflow slow_consumer = overflow::disconnect; ///< For subscribers that read too slowly.
  bool exclude_publisher = false; ///< A client does not receive what it published itself.

  bool has_history() const noexcept { return history_size > 0 && history_ttl.count() > 0; }

  /// slow_consumer as it is now, in options that are in use. Thread: any, as the next.
  overflow policy() const noexcept { return std::atomic_ref{slow_consumer}.load(std::memory_order_relaxed); }
  void change_policy(overflow to) const noexcept {
    std::atomic_ref{slow_consumer}.store(to, std::memory_order_relaxed);
  }

  /// Of a channel's history; call only if it has one.
  history_options history() const noexcept;

  friend bool operator==(const channel_options&, const channel_options&) = default;

  /// Of subscriptions to patterns: they have no presence, no history and hence nothing to recover.
  channel_options of_patterns() const;
};

/// What is wrong with the options, one sentence for each contradiction, beginning with the option's
/// name.
std::vector<std::string> validate(const channel_options& options);

/// Calls visit(name, member) for every option. Members are bool, std::size_t, std::chrono::seconds,
/// std::string, std::vector<std::string>, recovery_mode, data_format or overflow.
template <class Options, class Visit>
void visit_options(Options& o, Visit&& visit) {
  visit("presence", o.presence);
  visit("join_leave", o.join_leave);
  visit("force_push_join_leave", o.force_push_join_leave);
  visit("history_size", o.history_size);
  visit("history_ttl", o.history_ttl);
  visit("history_meta_ttl", o.history_meta_ttl);
  visit("force_positioning", o.force_positioning);
  visit("allow_positioning", o.allow_positioning);
  visit("force_recovery", o.force_recovery);
  visit("allow_recovery", o.allow_recovery);
  visit("force_recovery_mode", o.force_recovery_mode);
  visit("auto_cache_recover", o.auto_cache_recover);
  visit("allowed_delta_types", o.allowed_delta_types);
  visit("delta_publish", o.delta_publish);
  visit("allow_tags_filter", o.allow_tags_filter);
  visit("allow_subscribe_for_client", o.allow_subscribe_for_client);
  visit("allow_subscribe_for_anonymous", o.allow_subscribe_for_anonymous);
  visit("allow_publish_for_client", o.allow_publish_for_client);
  visit("allow_publish_for_subscriber", o.allow_publish_for_subscriber);
  visit("allow_publish_for_anonymous", o.allow_publish_for_anonymous);
  visit("allow_presence_for_client", o.allow_presence_for_client);
  visit("allow_presence_for_subscriber", o.allow_presence_for_subscriber);
  visit("allow_presence_for_anonymous", o.allow_presence_for_anonymous);
  visit("allow_history_for_client", o.allow_history_for_client);
  visit("allow_history_for_subscriber", o.allow_history_for_subscriber);
  visit("allow_history_for_anonymous", o.allow_history_for_anonymous);
  visit("allow_user_limited_channels", o.allow_user_limited_channels);
  visit("subscribe_proxy_enabled", o.subscribe_proxy_enabled);
  visit("publish_proxy_enabled", o.publish_proxy_enabled);
  visit("sub_refresh_proxy_enabled", o.sub_refresh_proxy_enabled);
  visit("allow_wildcards", o.allow_wildcards);
  visit("channel_regex", o.channel_regex);
  visit("publication_data_format", o.publication_data_format);
  visit("history_persistent", o.history_persistent);
  visit("slow_consumer", o.slow_consumer);
  visit("exclude_publisher", o.exclude_publisher);
}

/// Spelling in the configuration; nothing if there is no such value.
std::optional<recovery_mode> parse_recovery_mode(std::string_view text);
std::optional<data_format> parse_data_format(std::string_view text);

/// Whether a client may publish this payload.
bool accepts(data_format format, const payload& data);

} // namespace troupe::centrifuge
