// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// FAN-OUTS: the events of one channel that are on their way: to shards with subscribers, to portals, to patterns.
// Who caused an event waits until all of them have it, and so cannot outrun them.
// Owner: the channel or its mirror, on its thread. Bounded by: whoever asks pending_bytes() first.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/hosted.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::centrifuge {

class fan_outs {
public:
  using hosted_channel = hosted<spawned_channel_actor::base>*;
  using answer = std::function<void(bool done)>; ///< Not done: the channel failed meanwhile.

  /// @param shards By index of their loop; outlive this. @param on_end Called whenever an event has reached all.
  fan_outs(hosted_channel self, const std::vector<shard_actor>& shards, std::function<void()> on_end)
    : self_(self), shards_(shards), on_end_(std::move(on_end)) {}
  ~fan_outs();

  fan_outs(const fan_outs&) = delete;
  fan_outs& operator=(const fan_outs&) = delete;

  /// Has `told` be called once `missing` of those it goes to have answered.
  void open(std::uint64_t sequence, std::size_t missing, std::size_t bytes, answer told);
  /// So many more.
  void await(std::uint64_t sequence, std::size_t more) { open_.at(sequence).missing += more; }
  /// One has answered, or will not.
  void arrived(std::uint64_t sequence);

  /// Hands an event to the shards that have any of `subscribers`. @returns their number.
  std::size_t to_shards(const channel_event_ptr& event, const std::vector<std::size_t>& subscribers);
  /// Hands an event on to somebody else, who answers with `fanned_out`.
  template <class Handle, class Message>
  void to(const Handle& whom, std::uint64_t sequence, Message what) {
    self_->request(whom, caf::infinite, std::move(what))
      .then([this, sequence](const fanned_out&) { arrived(sequence); },
            [this, sequence](const caf::error&) { arrived(sequence); }); // gone, with its connections
  }

  [[nodiscard]] bool empty() const noexcept { return open_.empty(); }
  [[nodiscard]] std::size_t pending_bytes() const noexcept { return bytes_; }
  /// Bytes that wait for something else, and are no event yet.
  void hold(std::size_t bytes) noexcept { bytes_ += bytes; }
  void let_go(std::size_t bytes) noexcept { bytes_ -= bytes; }

private:
  struct under_way {
    std::size_t missing = 0;
    std::size_t bytes = 0;
    answer told;
  };

  hosted_channel self_;
  const std::vector<shard_actor>& shards_;
  std::function<void()> on_end_;
  std::unordered_map<std::uint64_t, under_way> open_; // by sequence
  std::size_t bytes_ = 0;
};

} // namespace troupe::centrifuge
