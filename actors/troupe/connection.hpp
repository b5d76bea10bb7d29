// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CONNECTION: one WebSocket connection as an actor.
// Thread: its socket's loop. Owner: its SHARD monitors it. Bounded by: the transport's outbox towards the
// client, the transport's read window from it. Ends when: its transport is closed, with the close_reason.
#pragma once
#include <troupe/heartbeat.hpp>
#include <troupe/hooks/messages.hpp>
#include <troupe/hosted.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/line.hpp>
#include <troupe/rates/checkpoint.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What all connections of a route share. Immutable; outlives them.
struct connection_settings {
  registry_actor registry;
  live_heartbeat heartbeat; ///< Others hold from a connection's next deadline on.
  bool echo = true; ///< The sender receives its own broadcasts.
  live_policy policy;
  hooks::route_keeper_actor keeper = {}; ///< Of a route: gets what clients send, in place of the registry.
  std::string path = {};                 ///< Of that route.
  std::shared_ptr<const rates::limits> limits = {}; ///< Of messages; null: there are none.
};

/// Who a connection is when it starts.
struct connection_identity {
  client_id id;
  target speaks_to;   ///< Where its messages go.
  std::string user;   ///< Empty: anonymous.
  std::vector<std::string> groups;
  std::vector<std::string> labels;
  connection_origin origin = {};
  std::string meta = {};     ///< As in connection_profile.
  std::optional<std::chrono::milliseconds> expires_in = {}; ///< Then it closes; nothing: never.
};

class connection_state {
public:
  static constexpr const char* name = "connection";
  using pointer = hosted_pointer<connection_actor, connection_state>;

  explicit connection_state(pointer self);

  connection_actor::behavior_type make_behavior(std::shared_ptr<const connection_settings> settings,
                                                const shard_actor& shard,
                                                connection_identity identity,
                                                std::shared_ptr<transport> out);

private:
  send_status queue(const delivery_ptr& what);
  static const connection_actor::behavior_type& handlers(); ///< Of all connections.
  void on_deliver(const deliver& m) { queue(m.what); }
  void on_received(const received& m);
  // What its messages are held against.
  struct rated {
    rates::checkpoint gate;
    const rates::rate_options* by = nullptr; // of those messages; never newer than what wardens went by
    std::size_t asked = 0;                   // messages that they have not judged yet
    std::vector<received> behind;            // came with other rates, and must not overtake those
  };
  /// Handles a message unless there are more than its rates allow: then it closes.
  void judge(const received& m);
  void handle_rated(const received& m, const rates::rate_options& rates);
  void on_judged(const received& m, rates::verdict v);
  void handle(const received& m);
  /// Asks the route's actor, then lets the reader go on.
  template <class Request>
  void ask_route(const Request& m, std::size_t cost);
  void obey(const hooks::answer& a);
  void on_route_failed(const caf::error& why);
  void on_pong(const pong_received&);
  void on_credit(const credit& m);
  void on_deadline(const deadline_passed&);
  void arm();
  [[nodiscard]] bool is_over() const;

  pointer self_;
  std::shared_ptr<const connection_settings> settings_;
  line<pointer> line_;
  client_id id_;
  std::unique_ptr<const target> speaks_to_; // null: everyone, as most do
  heartbeat heartbeat_;
  static constexpr auto never = host::clock::time_point::max();
  host::clock::time_point end_ = never; // of its token
  std::unique_ptr<rated> rated_; // from its first message that has a rate
};

/// Spawn with spawn_on(host, connection, settings, shard, identity, transport); the host must be the
/// one whose thread serves the transport.
connection_actor::behavior_type connection(connection_state::pointer self,
                                           std::shared_ptr<const connection_settings> settings,
                                           shard_actor shard, connection_identity identity,
                                           std::shared_ptr<transport> out);

} // namespace troupe
