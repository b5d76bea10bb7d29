// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/signals.hpp>

#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace troupe::net {

namespace {

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

int checked(int result, const char* what) {
  if (result < 0)
    throw std::system_error{errno, std::generic_category(), what};
  return result;
}

} // namespace

void prepare_signals() {
  const auto set = watched_signals();
  if (const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0)
    throw std::system_error{error, std::generic_category(), "pthread_sigmask"};
  std::signal(SIGPIPE, SIG_IGN);
}

signal_watch::signal_watch(std::function<void(int)> on_signal, std::chrono::steady_clock::duration repeats)
  : on_signal_{std::move(on_signal)}, repeats_{repeats}, on_terminal_{::isatty(STDERR_FILENO) == 1} {
  const auto set = watched_signals();
  signals_ = checked(::signalfd(-1, &set, SFD_CLOEXEC), "signalfd");
  quit_ = checked(::eventfd(0, EFD_CLOEXEC), "eventfd");
  thread_ = std::thread{[this] { run(); }};
}

signal_watch::~signal_watch() {
  ::eventfd_write(quit_, 1);
  thread_.join();
  ::close(signals_);
  ::close(quit_);
}

void signal_watch::run() {
  pthread_setname_np(pthread_self(), "signals");
  std::optional<std::chrono::steady_clock::time_point> first;
  pollfd sources[] = {{quit_, POLLIN, 0}, {signals_, POLLIN, 0}};
  while (true) {
    if (::poll(sources, 2, -1) < 0)
      continue; // Interrupted.
    if (sources[0].revents != 0)
      return;
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info)
      continue;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGHUP || !first) {
      if (signal != SIGHUP)
        first = std::chrono::steady_clock::now();
      on_signal_(signal);
    } else if (std::chrono::steady_clock::now() - *first >= repeats_) {
      ::_exit(128 + signal);
    }
  }
}

} // namespace troupe::net
