// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// BOARD: the memory that the coordinator and its worker processes share.
// Thread: every field has one writer, named at the field; anyone may read the atomic ones at any
// time, the others once their writer has exited. Owner: the coordinator, which maps it before it
// forks.
#pragma once
#include "bench/histogram.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <span>
#include <string_view>

namespace troupe::app::bench {

/// Written by one worker.
struct alignas(64) worker_board {
  std::atomic<std::uint64_t> open{0};          ///< Connections that are open now.
  std::atomic<std::uint64_t> deliveries{0};    ///< Stamped messages of this run that arrived.
  std::atomic<std::uint64_t> last_delivery{0}; ///< When, in ns since the run began.
  std::atomic<std::uint64_t> complete{0};      ///< delivery_log::complete().
  std::atomic<std::uint64_t> foreign{0};       ///< Data messages that were not ours.
  std::atomic<std::uint64_t> pings{0};         ///< Pings answered.
  std::atomic<std::uint64_t> slow_reset{0};    ///< Slow connections the server has reset.
  std::atomic<std::uint64_t> cycles{0};        ///< Churn: connections opened and closed again.
  std::atomic<bool> has_failed{false}; ///< failure is written and the worker is about to exit.

  std::array<char, 512> failure{}; ///< One line, zero-terminated.
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  histogram latency;    ///< ns: of deliveries; in churn mode of whole cycles.
  histogram on_arrival; ///< ns: of deliveries, until this machine had them.
  histogram handshake;  ///< ns: from connect() to the end of the upgrade.

  /// Writes `text`, cut to what fits, and raises has_failed.
  void fail(std::string_view text);
};

class board {
public:
  /// Maps and zeroes the memory. @throws std::system_error.
  static std::unique_ptr<board, void (*)(board*)> map(std::size_t workers);

  board(const board&) = delete;
  board& operator=(const board&) = delete;

  [[nodiscard]] std::span<worker_board> workers();

  /// ns since map().
  [[nodiscard]] std::uint64_t now() const;

  /// Messages below this have arrived everywhere or were given up.
  [[nodiscard]] std::uint64_t complete();
  [[nodiscard]] std::uint64_t deliveries();

  // Written by the coordinator.
  std::atomic<bool> is_over{false};            ///< Workers close their connections and exit.
  std::atomic<std::uint64_t> plan_id{0};       ///< Raised once a new plan is written: send!
  std::atomic<std::uint64_t> plan_duration{0}; ///< ns
  std::atomic<std::uint64_t> plan_count{0};
  std::atomic<bool> plan_is_measured{false}; ///< Also set for the measured part of idle and churn.
  std::atomic<bool> plan_is_cut{false};      ///< Time is up: send no more of the current plan.

  // Written by the first worker, which has the senders.
  std::atomic<std::uint64_t> plan_done{0};    ///< The last plan_id that was carried out.
  std::atomic<std::uint64_t> plan_started{0}; ///< ns since the run began.
  std::atomic<std::uint64_t> unsent{0};       ///< Of the last plan.
  std::atomic<std::uint64_t> sent{0};         ///< Messages of all plans.
  std::atomic<std::uint64_t> skip_to{0};      ///< Messages below are not waited for any more.
  std::atomic<std::uint64_t> measured_from{
      ~std::uint64_t{0}}; ///< First message of the measured plan.

private:
  explicit board(std::size_t workers);

  timespec began_{};
  std::size_t worker_count_;
};

} // namespace troupe::app::bench
