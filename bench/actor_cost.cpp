// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ACTOR COST: what connections cost without sockets. A node of one shard, N connection actors with
// heartbeats on a transport that throws bytes away; broadcasts, then quiet seconds of a clock that is
// moved by hand. Prints CPU per delivery, memory per connection, and the load of idling as JSON.
//
//   actor_cost CONNECTIONS BROADCASTS QUIET_SECONDS
#include <troupe/connection.hpp>
#include <troupe/registry.hpp>
#include <troupe/shard.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include <caf/send.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

using namespace troupe;

/// Takes everything at once, as a socket with room does, and answers each ping.
class discarding_transport final : public transport {
public:
  void attach(meters::connection_meter* meter, meters::way_sampler* sampler) noexcept override {
    outbox_.attach(meter, sampler);
  }
  void start(connection_actor owner, gap_marker) override { owner_ = std::move(owner); }
  outbox::result send(const delivery_ptr& what) override {
    const auto result = outbox_.push(what, bounds_);
    flush();
    return result;
  }
  void send_control(const frame& what) override {
    (void)outbox_.push_control(what, bounds_);
    flush();
    if (owner_) caf::anon_send(owner_, pong_received{});
  }
  std::uint32_t withdraw(std::string_view) override { return 0; }
  void grant(std::size_t) override {}
  void close(const close_status& status) override { cut(status.reason); }
  void cut(close_reason reason) override {
    if (owner_) caf::anon_send(owner_, transport_closed{{.reason = reason}});
    owner_ = nullptr;
  }
  void abandon() noexcept override { owner_ = nullptr; }
  [[nodiscard]] transport_stats stats() const noexcept override { return {}; }

private:
  void flush() {
    std::array<std::string_view, 16> slices;
    std::size_t bytes = 0;
    for (std::size_t i = 0, used = outbox_.fill(slices); i < used; ++i) bytes += slices[i].size();
    outbox_.consume(bytes);
  }

  outbox outbox_;
  outbox_bounds bounds_;
  connection_actor owner_;
};

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

std::size_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t number(std::string_view text) {
  std::size_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: actor_cost CONNECTIONS BROADCASTS QUIET_SECONDS\n", stderr);
    return 2;
  }
  const auto connections = number(argv[1]);
  const auto broadcasts = number(argv[2]);
  const auto quiet = number(argv[3]);

  testing::deterministic_system node;
  auto& home = node.host();
  const std::vector<shard_actor> shards{spawn_on(home, shard, shard_options{})};
  const auto top = spawn_on(home, registry, shards, registry_options{});
  const auto settings = std::make_shared<const connection_settings>(
    connection_settings{.registry = top, .heartbeat = {}});
  node.run();

  const auto before = resident_bytes();
  for (std::size_t i = 0; i < connections; ++i)
    spawn_on(home, connection, settings, shards.front(),
             connection_identity{.id = client_id::random()}, std::make_shared<discarding_transport>());
  node.run();
  const auto memory = resident_bytes() - before;

  const auto message = frame::encode(opcode::text, std::string(64, 'x'));
  const auto start = cpu_seconds();
  for (std::size_t i = 0; i < broadcasts; ++i) {
    caf::anon_send(top, broadcast{.to = target::everyone(), .message = message});
    node.run();
  }
  const auto fanning_out = cpu_seconds() - start;

  const auto idle_start = cpu_seconds();
  node.advance(std::chrono::seconds{quiet});
  const auto idling = cpu_seconds() - idle_start;

  const auto queued = home.counters().messages_queued.value();
  fmt::print(R"({{"connections": {}, "deliveries": {}, "ns_per_delivery": {:.1f}, )"
             R"("bytes_per_connection": {}, "idle_percent_of_a_core": {:.2f}}})"
             "\n",
             connections, queued, queued == 0 ? 0 : fanning_out * 1e9 / static_cast<double>(queued),
             connections == 0 ? 0 : memory / connections,
             quiet == 0 ? 0 : idling * 100 / static_cast<double>(quiet));
  caf::anon_send(top, drain{});
  node.run();
  return queued == connections * broadcasts ? 0 : 1;
}
