// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace troupe::app::bench {

progress::progress(const load_options& options, board& shared)
    : options_{options}, shared_{shared}, is_terminal_{::isatty(STDERR_FILENO) == 1} {}

progress::~progress() {
  if (last_width_ != 0)
    fmt::print(stderr, "\r{:{}}\r", "", last_width_);
}

void progress::show(std::string_view what) {
  const auto now = shared_.now();
  const std::uint64_t interval = is_terminal_ ? 200'000'000 : 5'000'000'000;
  if (!options_.progress || now - last_time_ < interval)
    return;

  std::uint64_t open = 0;
  std::uint64_t cycles = 0;
  for (const auto& worker : shared_.workers()) {
    open += worker.open.load(std::memory_order_relaxed);
    cycles += worker.cycles.load(std::memory_order_relaxed);
  }
  const bool is_churn = options_.mode == load_mode::churn;
  const auto count = is_churn ? cycles : shared_.deliveries();
  const auto rate =
      static_cast<double>(count - last_count_) * 1e9 / static_cast<double>(now - last_time_);
  last_time_ = now;
  last_count_ = count;

  const auto line = fmt::format("{:>6.1f} s  {:<10} {:>8} connections  {:>12.0f} {}/s",
                                static_cast<double>(now) / 1e9, what, open, rate,
                                is_churn ? "cycles" : "deliveries");
  if (is_terminal_) {
    fmt::print(stderr, "\r{:{}}", line, last_width_);
    last_width_ = std::max(last_width_, line.size());
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

} // namespace troupe::app::bench
