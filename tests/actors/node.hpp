// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// NODE: a whole server's actors without its network: hosts, shards, the registry, and clients in memory.
// A fixture: when a test ends, no actor may be left.
#pragma once
#include <troupe/connection.hpp>
#include <troupe/registry.hpp>
#include <troupe/shard.hpp>
#include <troupe/testing/deterministic_system.hpp>
#include <troupe/testing/memory_transport.hpp>

#include "support/catch.hpp"
#include "support/memory_log.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

struct node_options {
  std::size_t hosts = 1;
  std::uint32_t slice = 2048;
  registry_options registry = {};
  heartbeat_settings heartbeat = {.ping_interval = std::chrono::milliseconds{0}};
  bool echo = true;
  overflow policy = overflow::disconnect;
  lifecycle_log::bounds observers = {};
  std::shared_ptr<const hooks::directory> extensions = {};
};

struct client_options {
  target speaks_to = {};
  std::string user = {};
  std::vector<std::string> groups = {};
  std::vector<std::string> labels = {};
  std::size_t host = 0;
  testing::memory_transport_options transport = {};
};

struct client {
  client_id id;
  connection_actor who;
  std::shared_ptr<testing::memory_transport> line;

  [[nodiscard]] testing::memory_transport* operator->() const { return line.get(); }
};

class node : public testing::deterministic_system {
public:
  explicit node(const node_options& o = {}) : deterministic_system(o.hosts) {
    for (std::size_t i = 0; i < o.hosts; ++i)
      shards.push_back(spawn_on(host(i), shard, shard_options{&log, o.slice, o.observers, o.extensions}));
    auto options = o.registry;
    options.log = &log;
    registry = spawn_on(host(), troupe::registry, shards, options);
    settings = std::make_shared<const connection_settings>(
      connection_settings{registry, o.heartbeat, o.echo, o.policy});
    run();
  }

  ~node() {
    for (auto& c : clients)
      if (!c->closed() && c->started()) c->client_fails();
    run();
    for (const auto& s : shards) caf::anon_send_exit(s, caf::exit_reason::kill);
    caf::anon_send_exit(registry, caf::exit_reason::kill);
    run();
    CHECK(running() == 0);
  }

  /// Spawns a connection without running it.
  client opens(client_options o = {}) {
    client c{client_id::random(), {}, std::make_shared<testing::memory_transport>(o.transport)};
    c.who = spawn_on(host(o.host), connection, settings, shards.at(o.host),
                     connection_identity{c.id, std::move(o.speaks_to), std::move(o.user),
                                         std::move(o.groups), std::move(o.labels)},
                     c.line);
    clients.push_back(c);
    return c;
  }

  client connect(client_options o = {}) {
    auto c = opens(std::move(o));
    run();
    return c;
  }

  /// Ends the connections that are not ended yet, but the last ones, in all the ways there are, in turn.
  void end_all_but(std::size_t last) {
    for (; ended_ + last < clients.size(); ++ended_) {
      const auto& c = clients[ended_];
      switch (ended_ % 6) {
        case 0: c->client_closes(); break;
        case 1: c->client_fails(close_reason::peer_gone); break;
        case 2: caf::anon_send_exit(c.who, caf::exit_reason::kill); break;
        case 3: caf::anon_send(c.who, credit{12345}); break; // fails
        case 4: caf::anon_send(c.who, close_connection{close_status::of(close_reason::kicked)}); break;
        case 5: c->client_fails(close_reason::write_timeout); break;
      }
    }
  }

  void send(broadcast what) { caf::anon_send(registry, std::move(what)); }
  void send(target to, std::string_view text) {
    send(broadcast{.to = std::move(to), .message = frame::encode(opcode::text, text)});
  }
  receipt confirm(broadcast what) {
    const auto answer = ask<receipt>(registry, confirm_broadcast{std::move(what)});
    REQUIRE(answer);
    return *answer;
  }
  receipt confirm(target to, std::string_view text) {
    return confirm({.to = std::move(to), .message = frame::encode(opcode::text, text)});
  }

  [[nodiscard]] std::uint64_t closed_for(close_reason why) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < hosts(); ++i)
      n += host(i).counters().closed_by_reason[static_cast<std::size_t>(why)].value();
    return n;
  }
  /// Sum of one counter over all hosts.
  [[nodiscard]] std::uint64_t total(counter loop_counters::* which) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < hosts(); ++i) n += (host(i).counters().*which).value();
    return n;
  }
  /// What must hold at any time when nothing runs.
  void check_counters() {
    std::uint64_t by_reason = 0;
    for (const auto& row : close_reasons) by_reason += closed_for(row.reason);
    CHECK(total(&loop_counters::closed) == by_reason);
    CHECK(total(&loop_counters::opened) - total(&loop_counters::closed) ==
          total(&loop_counters::connections));
    CHECK(log.named("connection_closed").size() == by_reason);
  }

  memory_log log;
  std::vector<shard_actor> shards;
  registry_actor registry;
  std::shared_ptr<const connection_settings> settings;
  std::vector<client> clients;

private:
  std::size_t ended_ = 0; // by end_all_but()
};

} // namespace troupe::tests
