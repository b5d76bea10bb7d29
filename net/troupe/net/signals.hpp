// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SIGINT, SIGTERM and SIGHUP as calls on a thread of their own, which sleeps until a signal comes: for programs
// with a main() of their own. troupe::serve() has it.
#pragma once
#include <chrono>
#include <functional>
#include <thread>

namespace troupe::net {

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
  /// @param repeats How long after the first one another is taken for the same: timeout(1) signals its
  ///        child and then its group, and a terminal's Ctrl-C comes again from a wrapper like npm.
  /// @throws std::system_error
  explicit signal_watch(std::function<void(int signal)> on_signal,
                        std::chrono::steady_clock::duration repeats = default_repeats);

  /// Ends the watch; a call of on_signal that is under way is waited for.
  ~signal_watch();

  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

  /// Whether SIGHUP asks to read files again. Where standard error was a terminal when the watch began it does
  /// not: it tells that the terminal is gone.
  [[nodiscard]] bool hangup_reloads() const noexcept { return !on_terminal_; }

  static constexpr std::chrono::milliseconds default_repeats{500};

private:
  void run();

  std::function<void(int)> on_signal_;
  std::chrono::steady_clock::duration repeats_;
  int signals_;
  int quit_;
  bool on_terminal_;
  std::thread thread_;
};

} // namespace troupe::net
