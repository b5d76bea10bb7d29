// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// BARE EDGE: what a server is made of, put together so that a test holds the address of every
// connection actor and may stand between it and its transport. Thread: the test's. Ends: cuts every
// connection.
#pragma once
#include <troupe/connection.hpp>
#include <troupe/net/internal/listener.hpp>
#include <troupe/registry.hpp>
#include <troupe/shard.hpp>

#include "net/support/small_system.hpp"
#include "support/memory_log.hpp"
#include "net/support/wire_client.hpp"

#include <caf/send.hpp>

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::tests {

class bare_edge {
public:
  /// May put something between a connection's actor and its transport.
  using wrapper = std::function<std::shared_ptr<transport>(std::shared_ptr<transport>)>;

  struct member {
    wire_client client;
    client_id id;
    connection_actor actor;
  };

  explicit bare_edge(net::server_options options, wrapper wrap = {})
      : context_{std::move(options), log_, {}, {}}, wrap_(std::move(wrap)) {
    loops_.push_back(
        std::make_unique<net::io_loop>(system_.get(), 0, net::send_method::automatic, log_));
    auto& loop = *loops_.front();
    shard_ = spawn_on(loop, shard, shard_options{&log_});
    registry_ = spawn_on(loop, registry, std::vector{shard_}, registry_options{&log_});
    caf::actor_cast<caf::abstract_actor*>(registry_)->attach_functor(
        [this] { ended_.set_value(); });
    settings_ = std::make_shared<const connection_settings>(
        connection_settings{registry_, heartbeat_settings{std::chrono::milliseconds{0}}, true, overflow::disconnect});
    context_.open = [this](net::io_loop& home, std::shared_ptr<transport> out,
                           const net::opening&) {
      const connection_identity who{.id = client_id::random(), .speaks_to = target::everyone()};
      if (wrap_)
        out = wrap_(std::move(out));
      const std::lock_guard lock{mutex_};
      id_ = who.id;
      actor_ = spawn_on(home, connection, settings_, shard_, who, std::move(out));
    };
    context_.routes.add_websocket(context_.options.websocket);
    gate_ = std::make_shared<net::admission>(loop, context_.options.limit);
    listener_ =
        std::make_unique<net::listener>(context_, gate_, loops_, "127.0.0.1", 0, "port", nullptr);
    thread_ = std::thread{[&loop] { loop.run(); }};
    loop.post([this] { listener_->start(); });
  }

  ~bare_edge() {
    auto& loop = *loops_.front();
    loop.post([this] { listener_->close(); });
    caf::anon_send(registry_, close_connections{target::everyone(), {}, closing::cut});
    caf::anon_send(registry_, drain{});
    ended_.get_future().wait();
    loop.finish();
    thread_.join();
    gate_->retire();
  }

  bare_edge(const bare_edge&) = delete;
  bare_edge& operator=(const bare_edge&) = delete;

  /// Connects; one at a time.
  member connect() {
    wire_client client{listener_->port()};
    client.send({.type = client_frame::ping});
    if (client.next() != wire_message{opcode::pong, ""})
      throw std::runtime_error{"no pong"};
    const std::lock_guard lock{mutex_};
    return {std::move(client), id_, actor_};
  }

  void send(target to, std::string_view text) {
    caf::anon_send(registry_,
                   broadcast{.to = std::move(to), .message = frame::encode(opcode::text, text)});
  }
  [[nodiscard]] memory_log& log() noexcept { return log_; }

private:
  memory_log log_;
  small_system system_;
  net::session_context context_;
  wrapper wrap_;
  std::mutex mutex_;
  client_id id_;           // of the connection opened last
  connection_actor actor_; // likewise
  std::promise<void> ended_;
  std::vector<std::unique_ptr<net::io_loop>> loops_;
  std::shared_ptr<net::admission> gate_;
  shard_actor shard_;
  registry_actor registry_;
  std::shared_ptr<const connection_settings> settings_;
  std::unique_ptr<net::listener> listener_;
  std::thread thread_;
};

} // namespace troupe::tests
