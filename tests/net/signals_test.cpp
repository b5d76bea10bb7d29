// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/net/signal_queue.hpp>
#include <troupe/net/signals.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <future>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe::net;

namespace {

/// Runs the body in a process of its own, where signals may end it. @returns its exit code.
template <class Body>
int run_in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(99);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

bool is_signal_pending() {
  sigset_t pending;
  return ::sigpending(&pending) == 0 && ::sigisemptyset(&pending) == 0;
}

} // namespace

TEST_CASE("signals: the first signal is a call on the watch's thread", "[net][signals]") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  CHECK(run_in_child([&] {
          prepare_signals();
          const auto self = std::this_thread::get_id();
          std::promise<int> seen;
          const signal_watch watch{[&](int number) {
            seen.set_value(std::this_thread::get_id() == self ? 0 : number);
          }};
          ::kill(::getpid(), signal);
          if (seen.get_future().get() == signal)
            ::_exit(7);
        }) == 7);
}

TEST_CASE("signals: one that came before the watch is not lost", "[net][signals]") {
  CHECK(run_in_child([] {
          prepare_signals();
          ::kill(::getpid(), SIGTERM);
          std::promise<void> seen;
          const signal_watch watch{[&](int) { seen.set_value(); }};
          seen.get_future().get();
          ::_exit(7);
        }) == 7);
}

TEST_CASE("signals: the second signal ends the process with 128 and its number", "[net][signals]") {
  CHECK(run_in_child([] {
          prepare_signals();
          const signal_watch watch{[](int) { ::kill(::getpid(), SIGINT); }, std::chrono::seconds{0}};
          ::kill(::getpid(), SIGTERM);
          std::promise<void>{}.get_future().wait();
        }) == 128 + SIGINT);
}

TEST_CASE("signals: one that comes again at once, as from timeout(1), counts as the first", "[net][signals]") {
  CHECK(run_in_child([] {
          prepare_signals();
          {
            signal_queue seen;
            const signal_watch watch{[&](int signal) { seen.push(signal); }, std::chrono::hours{1}};
            ::kill(::getpid(), SIGTERM);
            if (seen.pop() != SIGTERM)
              ::_exit(1);
            ::kill(::getpid(), SIGTERM);
            ::kill(::getpid(), SIGINT);
            while (is_signal_pending())
              std::this_thread::yield();
          }
          ::_exit(7);
        }) == 7);
}

TEST_CASE("signals: SIGHUP is a call each time, and does not count as the first", "[net][signals]") {
  CHECK(run_in_child([] {
          prepare_signals();
          signal_queue seen;
          const signal_watch watch{[&](int signal) { seen.push(signal); }};
          for (const int sent : {SIGHUP, SIGHUP, SIGTERM, SIGHUP}) {
            ::kill(::getpid(), sent);
            if (seen.pop() != sent)
              ::_exit(1);
          }
          ::_exit(7);
        }) == 7);
}

TEST_CASE("signals: SIGHUP tells the end of a terminal where standard error is one", "[net][signals]") {
  const bool on_terminal = GENERATE(false, true);
  CHECK(run_in_child([&] {
          prepare_signals();
          const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
          if (::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0)
            ::_exit(1);
          const int error = ::open(on_terminal ? ::ptsname(terminal) : "/dev/null", O_RDWR | O_NOCTTY);
          ::dup2(error, STDERR_FILENO);
          const signal_watch watch{[](int) {}};
          ::close(terminal); // the watch knows it from before
          ::_exit(watch.hangup_reloads() ? 7 : 8);
        }) == (on_terminal ? 8 : 7));
}

TEST_CASE("signals: a watch without a signal ends at once", "[net][signals]") {
  CHECK(run_in_child([] {
          prepare_signals();
          { const signal_watch watch{[](int) {}}; }
          ::_exit(7);
        }) == 7);
}

TEST_CASE("signals: writing into a closed pipe is an error, not the end", "[net][signals]") {
  CHECK(run_in_child([] {
          std::signal(SIGPIPE, SIG_DFL);
          prepare_signals();
          int ends[2];
          if (::pipe(ends) == 0 && ::close(ends[0]) == 0 && ::write(ends[1], "x", 1) == -1)
            ::_exit(7);
        }) == 7);
}
