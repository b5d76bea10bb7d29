// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Signals on their way from the watch's thread to the main one. Bounded by: what a user sends.
#pragma once
#include <condition_variable>
#include <mutex>
#include <queue>

namespace troupe::net {

class signal_queue {
public:
  /// Thread: any.
  void push(int signal) {
    {
      const std::lock_guard lock{mutex_};
      signals_.push(signal);
    }
    arrived_.notify_one();
  }

  /// The oldest one; waits for it.
  int pop() {
    std::unique_lock lock{mutex_};
    arrived_.wait(lock, [this] { return !signals_.empty(); });
    const int signal = signals_.front();
    signals_.pop();
    return signal;
  }

private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::queue<int> signals_;
};

} // namespace troupe::net
