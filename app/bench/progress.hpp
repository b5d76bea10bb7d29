// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include "bench/board.hpp"
#include "bench/options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::app::bench {

/// The line on stderr that shows a run is alive: rewritten in place on a terminal, else one every 5
/// s.
class progress {
public:
  progress(const load_options& options, board& shared);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// Call it often; it prints when it is time to.
  void show(std::string_view what);

private:
  const load_options& options_;
  board& shared_;
  bool is_terminal_;
  std::uint64_t last_time_ = 0;
  std::uint64_t last_count_ = 0;
  std::size_t last_width_ = 0;
};

} // namespace troupe::app::bench
