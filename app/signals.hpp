// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SIGINT and SIGTERM as calls on a thread of their own, which sleeps until a signal comes.
#pragma once
#include <functional>
#include <thread>

namespace troupe::app {

/// Blocks SIGINT and SIGTERM in the calling thread and in those it starts from now on, so that only
/// a signal_watch sees them, and ignores SIGPIPE in the whole process. Call before the first
/// thread.
/// @throws std::system_error
void prepare_signals();

class signal_watch {
public:
  /// @param on_first Called once with the number of the first signal, on the thread of the watch; a
  ///        signal that came since prepare_signals() counts. A second signal ends the process at
  ///        once, with exit code 128 + its number and without destructors.
  /// @throws std::system_error
  explicit signal_watch(std::function<void(int signal)> on_first);

  /// Ends the watch; a call of on_first that is under way is waited for.
  ~signal_watch();

  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

private:
  void run();

  std::function<void(int)> on_first_;
  int signals_;
  int quit_;
  std::thread thread_;
};

} // namespace troupe::app
