// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/process_figures.hpp>

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace troupe::net {

namespace {

double seconds_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// Seconds from the machine's start to this process's: field 22 of /proc/self/stat (proc(5)).
double started_after_boot() {
  std::ifstream file{"/proc/self/stat"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto name_end = text.rfind(')'); // the name before it may hold blanks
  if (name_end == std::string::npos) return 0;
  std::istringstream fields{text.substr(name_end + 1)};
  std::string skipped;
  for (int i = 3; i < 22; ++i) fields >> skipped;
  double started = 0;
  fields >> started;
  return started / static_cast<double>(sysconf(_SC_CLK_TCK));
}

} // namespace

process_figures read_process_figures() {
  process_figures p;
  p.cpu_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  p.start_seconds = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME) + started_after_boot();
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  std::ifstream statm{"/proc/self/statm"};
  statm >> p.virtual_bytes >> p.resident_bytes;
  p.virtual_bytes *= page;
  p.resident_bytes *= page;
  std::error_code ignored;
  const std::filesystem::directory_iterator descriptors{"/proc/self/fd", ignored};
  if (!ignored) p.open_descriptors = static_cast<double>(std::distance(begin(descriptors), end(descriptors)));
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) p.max_descriptors = static_cast<double>(limit.rlim_cur);
  return p;
}

} // namespace troupe::net
