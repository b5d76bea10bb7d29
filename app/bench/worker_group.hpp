// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WORKER_GROUP: the worker processes. Owner: the coordinator, whose process forks them; none
// outlives it. Thread: the coordinator's, which must be the only one when the group starts.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::app::bench {

class worker_group {
public:
  /// Forks `workers` processes that run `work(index)` and exit. @throws std::system_error.
  worker_group(std::size_t workers, const std::function<void(std::size_t)>& work);

  /// Kills and reaps those that still run.
  ~worker_group();
  worker_group(const worker_group&) = delete;
  worker_group& operator=(const worker_group&) = delete;

  /// Reaps processes that have ended.
  /// @returns what happened to one that a signal ended, if any.
  std::optional<std::string> reap();

  /// @returns false if some process still runs after `limit`.
  bool wait(std::chrono::milliseconds limit);

  [[nodiscard]] std::size_t running() const;

  /// CPU time of the running processes together.
  [[nodiscard]] std::chrono::nanoseconds cpu() const;

private:
  std::vector<pid_t> processes_; // 0 once reaped
};

} // namespace troupe::app::bench
