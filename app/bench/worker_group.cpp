// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/worker_group.hpp"

#include "bench/process_meter.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>

namespace troupe::app::bench {

worker_group::worker_group(std::size_t workers, const std::function<void(std::size_t)>& work) {
  const auto parent = ::getpid();
  for (std::size_t index = 0; index < workers; ++index) {
    const pid_t process = ::fork();
    if (process < 0)
      throw std::system_error{errno, std::generic_category(), "cannot start a worker process"};
    if (process == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::prctl(PR_SET_TIMERSLACK, 1); // ns; an open loop shall be punctual
      if (::getppid() == parent)
        work(index);
      ::_exit(0);
    }
    processes_.push_back(process);
  }
}

worker_group::~worker_group() {
  for (const auto process : processes_)
    if (process != 0) {
      ::kill(process, SIGKILL);
      ::waitpid(process, nullptr, 0);
    }
}

std::optional<std::string> worker_group::reap() {
  std::optional<std::string> result;
  for (auto& process : processes_) {
    int status = 0;
    if (process == 0 || ::waitpid(process, &status, WNOHANG) != process)
      continue;
    if (WIFSIGNALED(status))
      result = fmt::format("worker process {} was ended by signal {}", process, WTERMSIG(status));
    process = 0;
  }
  return result;
}

bool worker_group::wait(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (reap(); running() != 0; reap()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

std::size_t worker_group::running() const {
  return static_cast<std::size_t>(std::count_if(processes_.begin(), processes_.end(),
                                                [](pid_t process) { return process != 0; }));
}

std::chrono::nanoseconds worker_group::cpu() const {
  std::chrono::nanoseconds sum{0};
  for (const auto process : processes_)
    if (process != 0)
      sum += process_cpu(process);
  return sum;
}

} // namespace troupe::app::bench
