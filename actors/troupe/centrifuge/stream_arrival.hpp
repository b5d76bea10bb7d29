// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// STREAM ARRIVAL: a channel that has come to this node waits for its stream: for parts that come, or until every node where it
// might be has said that it is not there.
// Owner: the channel, on its thread, which lives as long as this. Bounded by: the publications that the channel keeps.
#pragma once
#include <troupe/centrifuge/fan_outs.hpp>
#include <troupe/centrifuge/handover.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::centrifuge {

class stream_arrival {
public:
  using hosted_channel = fan_outs::hosted_channel;
  using time_point = host::clock::time_point;

  static constexpr std::chrono::milliseconds pause{100};      ///< Before a node is asked again.
  static constexpr std::chrono::milliseconds patience{5'000}; ///< For the next part, or for an answer.

  /// @param most Publications. @param came Called once: with the stream, or nothing if it is nowhere.
  stream_arrival(hosted_channel self, std::string channel, std::size_t most, std::function<void(std::optional<kept_stream>)> came,
                 std::function<void()> changed);

  stream_arrival(const stream_arrival&) = delete;
  stream_arrival& operator=(const stream_arrival&) = delete;

  void begin(const stream_source& from);
  stream_adopted take(adopt_stream& m);

  /// When go_on() is due.
  [[nodiscard]] time_point next() const noexcept;
  void go_on();

private:
  void ask(const giver_actor& whom);
  void on_answer(const giver_actor& whom, bool settled);
  void end(std::optional<kept_stream> with);
  /// Ends if there is nothing to wait for.
  void look();

  hosted_channel self_;
  std::string channel_;
  std::size_t most_;
  std::function<void(std::optional<kept_stream>)> came_; // null once called
  std::function<void()> changed_;
  std::size_t asked_ = 0;         // that have not answered
  std::vector<giver_actor> again_; // to be asked at again_at_
  time_point again_at_;
  time_point until_;
  bool is_coming_ = false;
  bool has_begun_ = false;
  kept_stream stream_;
};

} // namespace troupe::centrifuge
