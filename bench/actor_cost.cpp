// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ACTOR COST: what connections cost without sockets: broadcasts of the program, messages of one client to all, then quiet
// seconds of a clock that is moved by hand.
// Prints CPU per delivery, memory per connection, and the load of idling as JSON.
//
//   actor_cost CONNECTIONS BROADCASTS QUIET_SECONDS [MESSAGES]
#include "in_memory_node.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <string>

#include <unistd.h>

namespace {

std::size_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

} // namespace

int main(int argc, char** argv) {
  using namespace troupe;
  if (argc != 4 && argc != 5) {
    std::fputs("usage: actor_cost CONNECTIONS BROADCASTS QUIET_SECONDS [MESSAGES]\n", stderr);
    return 2;
  }
  const auto connections = bench::number(argv[1]);
  const auto broadcasts = bench::number(argv[2]);
  const auto quiet = bench::number(argv[3]);
  const auto messages = connections != 0 && argc == 5 ? bench::number(argv[4]) : 0;
  const auto spent_since = [](double start) { return bench::seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start; };

  bench::in_memory_node node;
  const auto before = resident_bytes();
  node.connect(connections);
  const auto memory = resident_bytes() - before;

  const auto message = frame::encode(opcode::text, std::string(64, 'x'));
  const auto start = spent_since(0);
  for (std::size_t i = 0; i < broadcasts; ++i) node.broadcast_to(target::everyone(), message);
  for (std::size_t i = 0; i < messages; ++i) node.say(message);
  const auto fanning_out = spent_since(start);

  const auto idle_start = spent_since(0);
  node.idle(std::chrono::seconds{quiet});
  const auto idling = spent_since(idle_start);

  const auto queued = node.host().counters().messages_queued.value();
  fmt::print(R"({{"connections": {}, "deliveries": {}, "ns_per_delivery": {:.1f}, )"
             R"("bytes_per_connection": {}, "idle_percent_of_a_core": {:.2f}}})"
             "\n",
             connections, queued, queued == 0 ? 0 : fanning_out * 1e9 / static_cast<double>(queued),
             connections == 0 ? 0 : memory / connections,
             quiet == 0 ? 0 : idling * 100 / static_cast<double>(quiet));
  node.end();
  return queued == connections * (broadcasts + messages) ? 0 : 1;
}
