// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// MEMORY WATCH: tells the MEMORY BUDGET again and again what the program takes beside its frames, more often when little
// is left, logs each change of level, and gives free memory back to the kernel while it is too much.
// Thread: loop 0, but for the constructor and destructor, which need that loop not to run.
#pragma once
#include <troupe/event_log.hpp>
#include <troupe/net/internal/io_loop.hpp>
#include <troupe/net/internal/memory_budget.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>

namespace troupe::net {

class memory_watch {
public:
  memory_watch(io_loop& home, memory_budget& budget, event_log& log);
  ~memory_watch();

  void start() { look(); }

private:
  void look();
  void give_back();
  [[nodiscard]] std::size_t resident() const;

  io_loop& home_;
  memory_budget& budget_;
  event_log& log_;
  int statm_;
  asio::steady_timer next_;
  memory_budget::level told_ = memory_budget::level::normal;
  host::clock::time_point given_back_{};
};

} // namespace troupe::net
