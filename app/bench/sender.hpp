// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SENDER: sends what the coordinator planned, at the pace of the plan.
// Thread: the first worker's. Bounds: max_in_flight messages; max_unsent_bytes per sending
// connection, above which it waits (and an open loop's latency grows).
#pragma once
#include "bench/board.hpp"
#include "bench/connection.hpp"
#include "bench/options.hpp"
#include "bench/pacer.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace troupe::app::bench {

class sender {
public:
  static constexpr std::size_t max_unsent_bytes = 256 * 1024;
  /// A closed loop that received nothing for so long (ns) stops waiting for what is in flight.
  static constexpr std::uint64_t stall_limit = 2'000'000'000;

  /// @param run As in stamp. @param connections Those that send, all open once a plan is posted.
  /// `options` and `shared` must outlive the sender.
  sender(const load_options& options, board& shared, std::uint32_t run,
         std::span<connection> connections);

  /// Sends what is due; connections may keep unsent bytes, which the worker flushes. Call it in
  /// every turn of the worker's loop.
  void step();

  /// When step() is needed next if nothing arrives before, in ns since the run began.
  [[nodiscard]] std::uint64_t wake_time(std::uint64_t now) const;

private:
  void start_plan(std::uint64_t id);
  void end_plan();
  void send_due();
  void write_message(std::size_t index, std::uint64_t sequence, std::uint64_t time);
  void give_up_if_stalled(std::uint64_t now);

  const load_options& options_;
  board& shared_;
  std::uint32_t run_;
  std::span<connection> connections_;
  std::vector<std::string> frames_; // per connection: what this step sends
  std::string payload_;
  std::string command_; // around it, if there is a channel
  std::minstd_rand masks_; // masks need not be secret here, only different

  pacer pacer_;
  std::uint64_t plan_ = 0;
  bool is_active_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t in_flight_ = 0;
  bool is_blocked_ = false; // a socket takes no more
  std::uint64_t deliveries_seen_ = 0;
  std::uint64_t last_progress_ = 0;
};

} // namespace troupe::app::bench
