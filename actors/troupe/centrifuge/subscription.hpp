// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// One subscription of a client: what it negotiated, where it stands, and what it gets of an event.
// Owner: its client, on its thread.
#pragma once
#include <troupe/connection_details.hpp>
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/centrifuge/namespaces.hpp>
#include <troupe/centrifuge/subscriber_position.hpp>
#include <troupe/centrifuge/tags_filter.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace troupe::centrifuge {

class subscription {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What to do about an event.
  enum class verdict : std::uint8_t {
    deliver,
    skip,
    insufficient,  ///< Something is missing: the subscription has to start anew.
    inappropriate, ///< The payload cannot be written in the client's encoding.
  };
  struct judgement {
    verdict what = verdict::skip;
    const delivery_ptr* delivery = nullptr; ///< Of the event, if it is to be delivered.
  };

  /// Who asked for it.
  enum class source : std::uint8_t { client, server };

  /// `options` are those of the channel's namespace and outlive this. A subscription with a filter
  /// gets no deltas: what the filter holds back would be missing as their base.
  subscription(const channel_options& options, const subscribe_request& wish,
               std::string_view user, source by, const subscription_terms& terms);

  const subscription_features& features() const noexcept { return features_; }
  bool delta() const noexcept { return delta_; }
  bool server_side() const noexcept { return by_ == source::server; }
  /// Told as chan_info.
  const payload& info() const noexcept { return info_; }
  void inform(payload info) { info_ = std::move(info); }
  bool is_live() const noexcept { return live_; }
  /// For whoever looks at its connection.
  subscription_details details(const std::string& channel) const {
    subscription_details told{.channel = channel, .offset = {}, .live = live_, .server_side = server_side()};
    if (position_) told.offset = position_->last().offset, told.epoch = position_->last().epoch;
    return told;
  }

  /// When it has to be refreshed; nothing: never.
  std::optional<time_point> end() const noexcept { return end_; }
  void end_at(std::optional<time_point> end) noexcept { end_ = end; }
  /// Whether a webhook is asked then, rather than the client for a token.
  bool is_refreshed_here() const noexcept { return options_->sub_refresh_proxy_enabled; }

  /// The channel has answered: takes out of the result what the filter holds back. Events beyond
  /// `sequence` count from now on.
  void begin(subscribe_result& answer, std::uint64_t sequence);

  judgement judge(const channel_event& event, encoding codec, connection_handle self);

  /// A publication was judged `deliver` and then lost to a drop policy: whether the subscription has
  /// to start anew.
  bool loses() noexcept;

  /// Whether a publication of it that was queued may have been dropped, in a way that has to be told.
  bool minds_eviction() const noexcept;

private:
  judgement judge_publication(const channel_event& event, encoding codec, connection_handle self);

  const channel_options* options_;
  subscription_features features_;
  payload info_;
  std::optional<time_point> end_;
  std::optional<filter_node> filter_;
  std::optional<subscriber_position> position_; // if positioned and live
  std::uint64_t sequence_ = 0;
  bool delta_ = false;
  bool has_base_ = false; // the client has the publication that the next delta starts from
  source by_;
  bool live_ = false;
};

} // namespace troupe::centrifuge
