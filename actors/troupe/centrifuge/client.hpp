// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CLIENT: one connection that speaks the Centrifuge protocol, in either encoding (docs/protocol.md).
// Commands are handled strictly one after another: one that waits for its channel holds up those
// behind it, which stay in the frames they came in.
// Thread: its socket's loop. Owner: its SHARD monitors it, and so do its channels: its end is all they
// need to hear. Bounded by: the transport's read window from the client; client_options::queue_max_size
// towards it; client_options::channel_limit. Ends when: its transport is closed, with the close_reason.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/centrifuge/client_options.hpp>
#include <troupe/centrifuge/codec.hpp>
#include <troupe/centrifuge/namespaces.hpp>
#include <troupe/centrifuge/subscription.hpp>
#include <troupe/heartbeat.hpp>
#include <troupe/line.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::centrifuge {

/// What all clients of a server share. Immutable; outlives them.
struct client_settings {
  client_options options;
  std::shared_ptr<const namespaces> channels;
  std::vector<channel_actor> hubs; ///< By loop; see hub_of().
  std::string version;             ///< Of the server, told in the reply to connect.
};

/// Who a client is when its socket is upgraded.
struct client_profile {
  client_id id;
  std::string user;            ///< Empty: anonymous.
  const codec* format;         ///< Lives for ever.
  bool frame_pings = false;    ///< WebSocket's own pings rather than the protocol's.
};

class client_state {
public:
  static constexpr const char* name = "client";
  using pointer = hosted_pointer<client_actor, client_state>;

  explicit client_state(pointer self);

  client_actor::behavior_type make_behavior(std::shared_ptr<const client_settings> settings,
                                            const shard_actor& shard, client_profile profile,
                                            std::shared_ptr<transport> out);

private:
  enum class stage : std::uint8_t { waiting, connecting, connected, refused };
  // A frame of the client whose commands are being handled.
  struct open_frame {
    frame message;
    std::size_t cost = 0;
    std::size_t done = 0; // bytes of its payload
    bool begun = false;
  };
  // A connect that waits for the channels the server subscribes.
  struct open_connect {
    std::uint32_t id = 0;
    std::size_t outstanding = 0;
    connect_result result;
    std::optional<error_code> failed;
    std::vector<channel_event_ptr> held; // not before the reply
  };
  using subscriptions = std::unordered_map<std::string, subscription>;

  // -- client.cpp: frames, replies, time, the end ---
  void on_received(const received& m);
  void work();
  void go_on();
  void reply(std::uint32_t id, result body);
  void push(std::string channel, unsubscribe_push body);
  void fail(std::uint32_t id, error_code code) { reply(id, error_result{code}); }
  void write(const std::optional<std::string>& encoded);
  void flush();
  void on_pong_frame();
  void on_deadline();
  void arm();
  void disconnect(close_reason reason, closing how = closing::handshake);
  void close(const close_status& status, closing how);

  // -- client_connect.cpp ---
  void on(std::uint32_t id, const connect_request& r);
  /// The channels the server subscribes, with how to recover them. Nothing if the connection had to be
  /// closed for them.
  std::optional<std::map<std::string, subscribe_request>> server_side_of(const connect_request& r);
  void on_server_side(const std::string& channel, subscribe_answer answer);
  void finish_connect();
  /// Whether the event has to wait for the reply to connect; then it is kept.
  bool holds(const channel_event_ptr& event);

  // -- client_subscriptions.cpp ---
  void on(std::uint32_t id, const subscribe_request& r);
  void on(std::uint32_t id, const unsubscribe_request& r);
  /// Reserves the channel and asks for it. Once it has answered, the reservation is completed or given
  /// up, and `then` is called.
  void subscribe(const std::string& channel, const namespaces::entry& in,
                 const subscribe_request& r, bool server_side,
                 std::function<void(subscribe_answer)> then);
  void on_happened(const channel_event_ptr& event);
  void deliver_event(subscriptions::iterator to, const channel_event& event,
                     const delivery_ptr& what);
  /// The client has to subscribe again from its last position.
  void restart(subscriptions::iterator ended, bool tell_channel = true);
  /// What a recovery may take now: several of them share the queue.
  std::size_t recoverable_bytes() const;
  /// Tells a channel that the subscription is over, without waiting for its answer.
  void leave(const std::string& channel);

  // -- client_commands.cpp ---
  void on(std::uint32_t id, const publish_request& r);
  void on(std::uint32_t id, const presence_request& r);
  void on(std::uint32_t id, const presence_stats_request& r);
  void on(std::uint32_t id, const history_request& r);
  void on(std::uint32_t id, const rpc_request& r);
  void on(std::uint32_t id, const send_request& r);
  void on(std::uint32_t id, const refresh_request& r);
  void on(std::uint32_t id, const sub_refresh_request& r);
  void on(std::uint32_t id, const pong&);
  void on(std::uint32_t id, const std::monostate&);
  /// The namespace of a channel with a proper name; else null, and the command is answered.
  const namespaces::entry* look_up(std::uint32_t id, const std::string& channel);
  requester asks_about(const std::string& channel) const;
  /// Forwards a command to its channel and suspends those that follow until it is answered with
  /// `make_result(what the channel said)` or an error.
  template <class Answered, class Message, class F>
  void ask(std::uint32_t id, Message question, F make_result);

  client_info me() const { return {profile_.user, profile_.id.to_string(), {}, {}}; }
  heartbeat_settings pulse() const;

  pointer self_;
  std::shared_ptr<const client_settings> settings_;
  client_profile profile_;
  line<pointer> line_;
  heartbeat heartbeat_; // from connect on
  subscriptions subscriptions_;
  std::unique_ptr<open_connect> connecting_;
  std::vector<open_frame> inbox_;
  std::string output_; // of this turn: one frame
  stage stage_ = stage::waiting;
  bool busy_ = false;  // the command before waits for its channel
};

/// Spawn with spawn_on(host, client, settings, shard, profile, transport); the host must be the one
/// whose thread serves the transport. Its control lane has to hold more than queue_max_size.
client_actor::behavior_type client(client_state::pointer self,
                                   std::shared_ptr<const client_settings> settings,
                                   shard_actor shard, client_profile profile,
                                   std::shared_ptr<transport> out);

} // namespace troupe::centrifuge
