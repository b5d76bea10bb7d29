// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// One subscription of a client: what it negotiated, where it stands, and what it gets of an event.
// Owner: its client, on its thread.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/centrifuge/namespaces.hpp>
#include <troupe/centrifuge/subscriber_position.hpp>
#include <troupe/centrifuge/tags_filter.hpp>

#include <cstdint>
#include <optional>

namespace troupe::centrifuge {

class subscription {
public:
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

  /// `options` are those of the channel's namespace and outlive this. A subscription with a filter
  /// gets no deltas: what the filter holds back would be missing as their base.
  subscription(const channel_options& options, const subscribe_request& wish,
               std::string_view user, bool server_side);

  const subscription_features& features() const noexcept { return features_; }
  bool delta() const noexcept { return delta_; }
  bool server_side() const noexcept { return server_side_; }
  bool is_live() const noexcept { return live_; }

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
  std::optional<filter_node> filter_;
  std::optional<subscriber_position> position_; // if positioned and live
  std::uint64_t sequence_ = 0;
  bool delta_ = false;
  bool has_base_ = false; // the client has the publication that the next delta starts from
  bool server_side_;
  bool live_ = false;
};

} // namespace troupe::centrifuge
