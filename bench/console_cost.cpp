// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CONSOLE COST: what it costs to look at N connections in memory while 1,000 of them get messages, and what the loop
// notices of it. One thread is the loop; the other asks for `top conns` every 100 ms in every second second.
// Prints the CPU of one look, and how long fan-outs took with and without somebody looking, as JSON.
//
//   console_cost CONNECTIONS SECONDS
#include "in_memory_node.hpp"

#include "app/console/actor_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>

namespace {

using namespace troupe;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t audience = 1000;

double percentile(std::vector<double>& of, double part) {
  if (of.empty()) return 0;
  const auto at = of.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(of.size() - 1));
  std::ranges::nth_element(of, at);
  return *at;
}

/// Whether somebody looks in this second.
bool is_watched(clock_type::duration since_start) { return (since_start / 1s) % 2 == 1; }

struct looks {
  std::vector<double> plain;  ///< CPU milliseconds of one.
  std::vector<double> window; ///< Of one with rates.
};

/// `top conns by queue_bytes`, as the console makes it, until the time is over.
looks look(const inspection::observatory& seen, clock_type::time_point start, clock_type::time_point end) {
  using namespace app::console;
  looks all;
  const auto spent = [](auto act) {
    const auto before = bench::seconds_of(CLOCK_THREAD_CPUTIME_ID);
    act();
    return (bench::seconds_of(CLOCK_THREAD_CPUTIME_ID) - before) * 1e3;
  };
  for (auto now = start; now < end; now = clock_type::now()) {
    if (is_watched(now - start)) {
      const auto ask = [&](const baseline* since) {
        (void)encode(1, top(seen, {subject::connections, {.key = "queue_bytes"}, {}, since}));
      };
      all.plain.push_back(spent([&] { ask(nullptr); }));
      all.window.push_back(spent([&] {
        const auto before = take_baseline(seen, subject::connections);
        ask(&before);
      }));
    }
    std::this_thread::sleep_for(100ms);
  }
  return all;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: console_cost CONNECTIONS SECONDS\n", stderr);
    return 2;
  }
  const auto connections = bench::number(argv[1]);
  bench::in_memory_node node;
  node.connect(connections, audience);
  const inspection::observatory seen{{node.host().figures()}};

  const auto start = clock_type::now();
  const auto end = start + std::chrono::seconds{bench::number(argv[2])};
  looks said;
  std::thread operator_thread{[&] { said = look(seen, start, end); }};
  const auto message = frame::encode(opcode::text, std::string(64, 'x'));
  std::vector<double> alone, watched; // microseconds of a fan-out
  for (auto began = start; began < end; began = clock_type::now()) {
    node.broadcast_to(target::group("some"), message);
    const std::chrono::duration<double, std::micro> took = clock_type::now() - began;
    (is_watched(began - start) ? watched : alone).push_back(took.count());
  }
  operator_thread.join();

  const auto fan_out = [](std::vector<double>& of) {
    return fmt::format(R"({{"count": {}, "p50_us": {:.0f}, "p99_us": {:.0f}, "max_us": {:.0f}}})", of.size(),
                       percentile(of, 0.5), percentile(of, 0.99), percentile(of, 1));
  };
  fmt::print(R"({{"connections": {}, "looks": {}, "top_cpu_ms": {:.1f}, "top_window_cpu_ms": {:.1f}, )"
             R"("fan_out_alone": {}, "fan_out_watched": {}}})"
             "\n",
             connections, said.plain.size(), percentile(said.plain, 0.5), percentile(said.window, 0.5), fan_out(alone),
             fan_out(watched));
  node.end();
  return 0;
}
