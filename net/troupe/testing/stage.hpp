// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// STAGE: a server without sockets, threads and time of its own, to test extensions on: real connections,
// channels, keepers and encodings, fake clients, and a clock that moves when told to, in steps of 32 ms. For any
// test framework.
//
//   stage s{{.routes = {{.path = "/echo", .actor = hooks::on_scheduler(echo)}}}};
//   auto ann = s.open("/echo");
//   ann.says("hello");
//   assert(ann.hears() == std::vector<std::string>{"1: hello"});
//
// Thread: one, the test's. Ends: with its actors; clients are void then.
#pragma once
#include <troupe/centrifuge/client.hpp>
#include <troupe/centrifuge/hub.hpp>
#include <troupe/connection.hpp>
#include <troupe/hooks/directory.hpp>
#include <troupe/net/centrifuge/codecs.hpp>
#include <troupe/net/options.hpp>
#include <troupe/registry.hpp>
#include <troupe/shard.hpp>
#include <troupe/testing/deterministic_system.hpp>
#include <troupe/testing/memory_transport.hpp>

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::testing {

class stage;

/// A client in memory. All that it does has been dealt with when the call returns.
class fake_client {
public:
  /// Sends a text message.
  void says(std::string_view text) { sends(frame::encode(opcode::text, text)); }
  /// Sends a message of either kind.
  void sends(frame message);
  /// Messages that came since the last call, of /connection/websocket a line each.
  std::vector<std::string> hears();
  /// Sends a command of the Centrifuge protocol, such as R"("rpc":{"method":"sum"})". @returns the reply
  /// without its ID, such as R"("rpc":{"data":3})"; empty while there is none. What comes besides is left to
  /// hears().
  std::string asks(std::string_view command);
  /// Closes the connection.
  void leaves();
  /// Code of the close frame that came; 0 while there is none.
  [[nodiscard]] std::uint16_t close_code() const {
    return line_->closing() ? line_->closing()->code : std::uint16_t{0};
  }
  /// As actors know it: visitor::id.
  [[nodiscard]] const client_id& id() const noexcept { return id_; }

private:
  friend class stage;
  fake_client(stage& on, client_id id, std::shared_ptr<memory_transport> over)
    : stage_(&on), id_(id), line_(std::move(over)) {}
  void read();

  stage* stage_;
  client_id id_;
  std::shared_ptr<memory_transport> line_;
  std::vector<std::string> heard_;
  int last_command_ = 0;
};

/// The server; what it adds to deterministic_system is below.
class stage : public deterministic_system {
public:
  /// @param options Of them `channels`, `client` and `websocket.policy` matter.
  /// @throws std::invalid_argument as net::server.
  explicit stage(const hooks::extensions& from, const net::server_options& options = {})
    : deterministic_system(1), options_(options), directory_(std::make_shared<hooks::directory>()) {
    options_.client.allow_anonymous_connect_without_token = true; // there are no tokens here
    shard_ = spawn_on(host(), shard, shard_options{.extensions = directory_});
    registry_ = spawn_on(host(), troupe::registry, std::vector{shard_}, registry_options{});
    const auto names = std::make_shared<const centrifuge::namespaces>(options_.channels);
    using net::centrifuge::codec_for;
    hub_ = spawn_on(host(), centrifuge::hub,
                    std::make_shared<const centrifuge::channel_settings>(centrifuge::channel_settings{
                      .names = names,
                      .extensions = directory_,
                      .shards = {shard_},
                      .codecs = {&codec_for(centrifuge::encoding::json),
                                 &codec_for(centrifuge::encoding::protobuf)}}));
    const std::vector<centrifuge::channel_actor> hubs{hub_};
    const std::vector<std::reference_wrapper<troupe::host>> homes{host()};
    *directory_ = {from, homes, registry_, centrifuge::channels{hubs}, event_log::none()};
    centrifuge::client_settings clients;
    clients.options = options_.client;
    clients.channels = names;
    clients.hubs = hubs;
    clients.extensions = directory_;
    clients_ = std::make_shared<const centrifuge::client_settings>(std::move(clients));
    run();
  }

  ~stage() {
    for (const auto& k : directory_->keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
    run();
    for (const auto& line : lines_)
      if (!line->closed()) line->client_fails();
    run();
    caf::anon_send_exit(hub_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(registry_, caf::exit_reason::kill);
    caf::anon_send_exit(shard_, caf::exit_reason::kill);
    run();
    if (directory_->observer_keepers().empty()) return;
    for (const auto& k : directory_->observer_keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
    advance(std::chrono::seconds{2}); // one that fails is not waited for any longer
  }

  /// A connection of a route, or of any other path: then it speaks to everyone.
  fake_client open(const std::string& path, std::string user = {}) {
    connection_settings with{.registry = registry_, .heartbeat = heartbeat_settings{.ping_interval = std::chrono::milliseconds{0}},
                             .policy = options_.websocket.policy};
    with.keeper = directory_->route(path, 0);
    with.path = path;
    auto made = client();
    spawn_on(host(), connection, std::make_shared<const connection_settings>(std::move(with)), shard_,
             connection_identity{.id = made.id_, .speaks_to = target::everyone(), .user = std::move(user),
                                 .groups = {}, .labels = {}, .origin = {.peer = "192.0.2.1"}},
             made.line_);
    run();
    return made;
  }

  /// A client of /connection/websocket that has connected, in JSON.
  fake_client connect(std::string user = {}) {
    auto made = client();
    spawn_on(host(), centrifuge::client, clients_, shard_,
             centrifuge::client_profile{made.id_, std::move(user),
                                        &net::centrifuge::codec_for(centrifuge::encoding::json), false,
                                        {.over = transport_kind::centrifuge_json, .peer = "192.0.2.1"}},
             made.line_);
    run();
    made.asks(R"("connect":{})");
    return made;
  }

  /// Addresses, as birth has them.
  [[nodiscard]] const registry_actor& registry() const noexcept { return registry_; }
  /// Likewise.
  [[nodiscard]] centrifuge::channels channels() const { return centrifuge::channels{{hub_}}; }
  /// Likewise.
  [[nodiscard]] const hooks::users& users() const noexcept { return directory_->of_users(); }
  /// What its loop has counted, such as extension_restarts.
  [[nodiscard]] loop_counters& counters() { return host().counters(); }

private:
  fake_client client() {
    memory_transport_options how;
    how.bounds.max_control_bytes += options_.client.max_reply_bytes();
    lines_.push_back(std::make_shared<memory_transport>(how));
    return {*this, client_id::random(), lines_.back()};
  }

  net::server_options options_;
  std::shared_ptr<hooks::directory> directory_;
  shard_actor shard_;
  registry_actor registry_;
  centrifuge::channel_actor hub_;
  std::shared_ptr<const centrifuge::client_settings> clients_;
  std::vector<std::shared_ptr<memory_transport>> lines_;
};

inline void fake_client::sends(frame message) {
  line_->client_sends(std::move(message));
  stage_->run();
}

inline void fake_client::read() {
  for (auto& payload : line_->client_reads_payloads()) {
    std::string_view rest = payload;
    for (std::size_t end = 0; end != rest.npos; rest.remove_prefix(end == rest.npos ? rest.size() : end + 1)) {
      end = rest.find('\n');
      heard_.emplace_back(rest.substr(0, end));
    }
  }
  stage_->run();
}

inline std::vector<std::string> fake_client::hears() {
  read();
  return std::exchange(heard_, {});
}

inline std::string fake_client::asks(std::string_view command) {
  const auto id = "{\"id\":" + std::to_string(++last_command_) + ",";
  says(id + std::string{command} + "}");
  read();
  for (auto at = heard_.begin(); at != heard_.end(); ++at)
    if (at->starts_with(id)) {
      auto reply = at->substr(id.size(), at->size() - id.size() - 1);
      heard_.erase(at);
      return reply;
    }
  return {};
}

inline void fake_client::leaves() {
  line_->client_closes();
  stage_->run();
}

} // namespace troupe::testing
