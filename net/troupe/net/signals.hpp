// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SIGINT, SIGTERM and SIGHUP as calls on a thread of their own, which sleeps until a signal comes.
#pragma once
#include <functional>
#include <thread>

namespace troupe::app {

/// Blocks SIGINT, SIGTERM and SIGHUP in the calling thread and in those it starts from now on, so that only
/// a signal_watch sees them, and ignores SIGPIPE in the whole process. Call before the first
/// thread.
/// @throws std::system_error
void prepare_signals();

class signal_watch {
public:
  /// @param on_signal Called on the thread of the watch with SIGHUP whenever it comes, and with the
  ///        first of the others; what came since prepare_signals() counts. A second one of those
  ///        ends the process at once, with exit code 128 + its number and without destructors.
  /// @throws std::system_error
  explicit signal_watch(std::function<void(int signal)> on_signal);

  /// Ends the watch; a call of on_signal that is under way is waited for.
  ~signal_watch();

  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

private:
  void run();

  std::function<void(int)> on_signal_;
  int signals_;
  int quit_;
  std::thread thread_;
};

} // namespace troupe::app
