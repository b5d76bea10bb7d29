// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// IN-MEMORY NODE: a registry, one shard and connection actors with heartbeats on a transport that throws bytes
// away: a server without sockets, as large as memory allows. Thread: one.
#pragma once
#include <troupe/connection.hpp>
#include <troupe/registry.hpp>
#include <troupe/shard.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include <caf/send.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

namespace troupe::bench {

/// Takes everything at once, as a socket with room does, and answers each ping.
class discarding_transport final : public transport {
public:
  explicit discarding_transport(host& home) : home_(home) {}

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
    if (owner_) tell_express(home_, owner_, pong_received{});
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

  host& home_;
  outbox outbox_;
  outbox_bounds bounds_;
  connection_actor owner_;
};

class in_memory_node {
public:
  in_memory_node() { system_.run(); }

  /// Opens so many connections, the first `grouped` of them in the group "some".
  void connect(std::size_t connections, std::size_t grouped = 0) {
    for (std::size_t i = 0; i < connections; ++i) {
      connection_identity who{.id = client_id::random()};
      if (i < grouped) who.groups = {"some"};
      last_ = spawn_on(host(), connection, settings_, shards_.front(), std::move(who), std::make_shared<discarding_transport>(host()));
    }
    system_.run();
  }

  void broadcast_to(target to, const frame& message) {
    caf::anon_send(registry_, broadcast{.to = std::move(to), .message = message});
    system_.run();
  }

  /// The connection opened last says something to all. There is one.
  void say(const frame& message) {
    tell_express(host(), last_, received{message, message.bytes().size()});
    system_.run();
  }

  /// Lets this time pass on the node's clock.
  void idle(std::chrono::seconds time) { system_.advance(time); }

  void end() {
    caf::anon_send(registry_, drain{});
    system_.run();
  }

  [[nodiscard]] testing::manual_host& host() { return system_.host(); }

private:
  testing::deterministic_system system_;
  std::vector<shard_actor> shards_{spawn_on(host(), shard, shard_options{})};
  registry_actor registry_ = spawn_on(host(), registry, shards_, registry_options{});
  std::shared_ptr<const connection_settings> settings_ =
    std::make_shared<const connection_settings>(connection_settings{.registry = registry_, .heartbeat = {}});
  connection_actor last_;
};

/// Of CLOCK_PROCESS_CPUTIME_ID or CLOCK_THREAD_CPUTIME_ID.
inline double seconds_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// 0 if the text is none.
inline std::size_t number(std::string_view text) {
  std::size_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

} // namespace troupe::bench
