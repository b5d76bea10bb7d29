// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// OBSERVATORY: reads every hosted actor's meters without sending anybody anything and without stopping
// a loop. The one source of the console, /debug/*.json and /metrics.
// Thread: any, several at once. Owner: whoever made it; it may outlive the loops (then it sees no actors).
// Bounded by: one pass over the slabs; visit() holds one row at a time.
#pragma once
#include <troupe/inspect/row.hpp>
#include <troupe/meters/loop_meters.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace troupe::inspection {

/// A loop as it was a moment ago. All but `actors` only rise.
struct loop_row {
  std::uint16_t loop = 0;
  std::chrono::nanoseconds age{0};
  std::chrono::nanoseconds busy{0};  ///< Processor time, the kernel's included: busy / age is its load.
  std::uint64_t turns = 0;
  std::uint64_t wake_ups = 0;        ///< By other threads, for actors that became ready.
  std::uint64_t resumes = 0;         ///< Of actors.
  std::uint64_t batches = 0;         ///< Batched sends.
  std::uint64_t batched_sends = 0;   ///< Sockets in them.
  std::chrono::nanoseconds longest_turn{0};
  std::uint32_t actors = 0;          ///< Alive now.
};

class observatory {
public:
  using host_clock = std::chrono::steady_clock;
  using loop_list = std::vector<std::shared_ptr<const meters::loop_meters>>;

  observatory() = default;
  /// @param loops By index, none of them null.
  /// @param now The loops' clock; any thread calls it.
  explicit observatory(loop_list loops, std::function<host_clock::time_point()> now = &host_clock::now)
    : loops_(std::move(loops)), now_(std::move(now)) {}

  /// Calls `see` for every actor of a kind that is alive, in no order. The row is valid during the call
  /// and may be copied.
  void visit(actor_kind kind, const std::function<void(const row&)>& see) const;
  /// Likewise for actors of all kinds.
  void visit(const std::function<void(const row&)>& see) const;
  /// All of one kind. On large servers visit() saves the memory.
  [[nodiscard]] std::vector<row> snapshot(actor_kind kind) const;

  /// What each loop does, by index.
  [[nodiscard]] std::vector<loop_row> loops() const;
  /// What is measured on loops, by index; outlives the loops.
  [[nodiscard]] const loop_list& by_loop() const noexcept { return loops_; }
  /// Sum of one counter over all loops.
  [[nodiscard]] std::uint64_t total(counter loop_counters::* which) const noexcept;

private:
  loop_list loops_;
  std::function<host_clock::time_point()> now_ = &host_clock::now;
};

} // namespace troupe::inspection
