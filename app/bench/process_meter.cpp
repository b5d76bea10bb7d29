// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/process_meter.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace troupe::app::bench {

namespace {

/// The number behind `label` in a file of "label number" words; 0 if there is none.
std::size_t number_after(const char* file, const std::string& line_start,
                         const std::string& label) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(line_start))
      continue;
    const auto at = line.find(label);
    if (at != std::string::npos)
      return std::strtoull(line.c_str() + at + label.size(), nullptr, 10);
  }
  return 0;
}

[[noreturn]] void throw_gone(pid_t process, int error) {
  throw std::runtime_error{
      fmt::format("cannot measure process {}: {}", process, std::strerror(error))};
}

} // namespace

std::chrono::nanoseconds process_cpu(pid_t process) {
  clockid_t clock{};
  if (const int error = ::clock_getcpuclockid(process, &clock); error != 0)
    throw_gone(process, error);
  timespec time{};
  if (::clock_gettime(clock, &time) != 0)
    throw_gone(process, errno);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

process_sample sample_process(pid_t process) {
  process_sample result;
  result.cpu = process_cpu(process);

  std::error_code ignored; // threads come and go while they are listed
  const auto tasks = fmt::format("/proc/{}/task", process);
  for (const auto& task : std::filesystem::directory_iterator{tasks, ignored}) {
    std::ifstream in{task.path() / "schedstat"};
    std::int64_t on_cpu = 0;
    if (in >> on_cpu)
      result.threads.emplace(std::stoi(task.path().filename().string()), on_cpu);
  }

  std::ifstream in{fmt::format("/proc/{}/statm", process)};
  std::size_t total_pages = 0;
  std::size_t resident_pages = 0;
  if (!(in >> total_pages >> resident_pages))
    throw_gone(process, ESRCH);
  result.resident_bytes = resident_pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return result;
}

std::chrono::nanoseconds busiest_thread(const process_sample& before, const process_sample& after) {
  std::chrono::nanoseconds most{0};
  for (const auto& [thread, cpu] : after.threads) {
    const auto known = before.threads.find(thread);
    most = std::max(most, known == before.threads.end() ? cpu : cpu - known->second);
  }
  return most;
}

std::size_t sample_kernel_bytes() {
  const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return number_after("/proc/meminfo", "Slab:", "Slab:") * 1024 +
         number_after("/proc/net/sockstat", "TCP:", " mem ") * page_bytes;
}

} // namespace troupe::app::bench
