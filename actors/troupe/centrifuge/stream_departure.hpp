// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// STREAM DEPARTURE: a channel's stream, on its way to the node that the channel belongs to now.
// Owner: the channel, on its thread, which lives as long as this. Bounded by: the stream; one part is under way.
#pragma once
#include <troupe/centrifuge/fan_outs.hpp>
#include <troupe/centrifuge/handover.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace troupe::centrifuge {

class stream_departure {
public:
  using hosted_channel = fan_outs::hosted_channel;
  using time_point = host::clock::time_point;

  static constexpr std::size_t part_bytes = 256 * 1024;
  static constexpr std::chrono::milliseconds pause{100};       ///< Before it is tried again.
  static constexpr std::chrono::milliseconds patience{10'000}; ///< Then the stream is lost.

  /// @param changed Called when next() has changed, or it is over.
  stream_departure(hosted_channel self, std::string channel, kept_stream what, std::function<void()> changed);

  stream_departure(const stream_departure&) = delete;
  stream_departure& operator=(const stream_departure&) = delete;

  /// From now on to that one, from the beginning.
  void go_to(adopter_actor whom);

  /// When go_on() is due.
  [[nodiscard]] std::optional<time_point> next() const noexcept { return next_; }
  void go_on();

  /// Whether it is over, and if so whether anything of the stream was lost.
  [[nodiscard]] bool is_over() const noexcept { return over_; }
  [[nodiscard]] bool is_lost() const noexcept { return lost_; }

private:
  void send();
  /// @param end Of the publications that were sent.
  void on_answer(stream_adopted::outcome how, std::size_t end);
  void end(bool lost);

  hosted_channel self_;
  std::string channel_;
  kept_stream what_;
  std::function<void()> changed_;
  time_point since_; // when `what_` was as it is
  adopter_actor to_;
  std::uint64_t attempt_ = 0; // answers to earlier ones do not count
  std::size_t at_ = 0;        // of the publications, those before are there
  std::optional<time_point> next_;
  bool over_ = false;
  bool lost_ = false;
};

} // namespace troupe::centrifuge
