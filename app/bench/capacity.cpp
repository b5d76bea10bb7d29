// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/capacity.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>

namespace troupe::app::bench {

namespace {

constexpr std::size_t spare_files = 64;  // per worker: epoll, standard streams, what was inherited
constexpr std::size_t churn_sources = 8; // ports of connections just closed stay taken for a while

// An address has about 28,000 ephemeral ports, but connect() gets slow once half of them are taken.
constexpr std::size_t connections_per_source = 10'000;

std::size_t divide_up(std::size_t a, std::size_t b) {
  return (a + b - 1) / b;
}

std::size_t connections_per_process() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur > 2 * spare_files ? limit.rlim_cur - spare_files : spare_files;
}

} // namespace

std::size_t choose_workers(const load_options& options) {
  const auto per_process = connections_per_process();
  const auto needed = divide_up(options.connections, per_process);
  if (options.workers != 0 && options.workers < needed)
    throw std::runtime_error{fmt::format("{} connections need {} workers: one process may have {}",
                                         options.connections, needed, per_process)};
  return options.workers != 0 ? options.workers : needed;
}

std::size_t choose_sources(const load_options& options) {
  if (options.sources != 0)
    return options.sources;
  if (!options.target.host.starts_with("127."))
    return 1;
  const auto needed = divide_up(options.connections, connections_per_source);
  return options.mode == load_mode::churn ? std::max(needed, churn_sources) : needed;
}

} // namespace troupe::app::bench
