// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CLIENT: one connection that speaks the Centrifuge protocol, in either encoding (docs/protocol.md).
// Commands are handled strictly one after another: one that waits for its channel holds up those
// behind it, which stay in the frames they came in.
// Thread: its socket's loop. Owner: its SHARD monitors it, and so do its channels: its end is all they
// need to hear. Bounded by: the transport's read window from the client; client_options::queue_max_size
// towards it; client_options::channel_limit. Ends when: its transport is closed, with the close_reason.
#pragma once
#include <troupe/centrifuge/backend.hpp>
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/centrifuge/client_options.hpp>
#include <troupe/centrifuge/codec.hpp>
#include <troupe/centrifuge/namespaces.hpp>
#include <troupe/centrifuge/subscription.hpp>
#include <troupe/heartbeat.hpp>
#include <troupe/line.hpp>
#include <troupe/rates/checkpoint.hpp>

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::hooks {
class directory;
struct call;
struct call_result;
} // namespace troupe::hooks

namespace troupe::centrifuge {

/// What all clients of a server share. Immutable; outlives them.
struct client_settings {
  client_options options;
  std::shared_ptr<const namespaces> channels;
  std::vector<channel_actor> hubs; ///< By loop; see hub_of().
  std::vector<roster_actor> rosters; ///< By loop; none: users may have any number of connections.
  authenticator_actor authenticator; ///< Null: no token is valid.
  std::string version;             ///< Of the server, told in the reply to connect.
  std::shared_ptr<const hooks::directory> extensions = {}; ///< For rpc and send; null: there are none.
  backend_actor backend = {};      ///< Null: none of its questions is asked.
  bool asks_connect = false;       ///< The backend, about clients without a token.
  bool asks_refresh = false;       ///< The backend, about those whose time is over.
  std::vector<std::string> emulated_headers = {}; ///< Of connect commands, that are passed on to it.
  std::shared_ptr<const rates::limits> limits = {}; ///< Null: there are none.
  std::optional<live_heartbeat> heartbeat = {}; ///< Of who connects from now on, in place of that of the options.
};

/// Who a client is when its socket is upgraded. A token in connect says more.
struct client_profile {
  client_id id;
  std::string user;            ///< Empty: anonymous.
  const codec* format;         ///< Lives for ever.
  bool frame_pings = false;    ///< WebSocket's own pings rather than the protocol's.
  connection_origin origin = {};
  std::shared_ptr<const request_headers> headers = {}; ///< Of the upgrade, that are passed on to webhooks.
  std::shared_ptr<const stream_address> where = {}; ///< Null: it has a WebSocket.
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
  // A connect that waits for what its token is worth, or for the channels the server subscribes.
  struct open_connect {
    std::uint32_t id = 0;
    introduce who;
    std::size_t outstanding = 0;
    connect_result result;
    std::optional<error_code> failed;
    std::vector<channel_event_ptr> held; // not before the reply
  };
  using subscriptions = std::unordered_map<std::string, subscription>;
  using grants = std::map<std::string, subscription_terms>; // by channel
  using time_point = host::clock::time_point;
  using push_body = decltype(centrifuge::push::body);

  // -- client.cpp: frames, replies, time, the end ---
  static const client_actor::behavior_type& handlers(); ///< Of all clients.
  void on_received(const received& m);
  void work();
  void go_on();
  void handle(const command& m);
  /// Handles it unless that is too often. It suspends those that follow if others have to be asked.
  void handle_rated(rates::operation what, command m);
  /// Answers a command that comes too often; one that has no answer is lost.
  void refuse_rated(const command& m);
  void reply(std::uint32_t id, result body);
  void push(std::string channel, push_body body);
  /// A message that belongs to no channel.
  void push(const push_message& m);
  void fail(std::uint32_t id, error_code code) { reply(id, error_result{code}); }
  void write(const std::optional<std::string>& encoded);
  void flush();
  [[nodiscard]] connection_details details() const;
  void on_pong_frame(const pong_received&);
  void on_deadline(const deadline_passed&);
  void arm();
  void disconnect(close_reason reason, closing how = closing::handshake);
  void close(const close_status& status, closing how);

  // -- client_connect.cpp ---
  void on(std::uint32_t id, const connect_request& r);
  void connect_without_credentials(std::uint32_t id, const connect_request& r);
  /// Calls `then()` unless its user connects too often, or has too many connections.
  void enter(std::function<void()> then);
  void enlist_user(std::function<void()> then);
  void begin_connect(const std::map<std::string, subscribe_request>& wanted, const grants& granted);
  /// Its credentials are good; `granted` are the channels of its token.
  void admit(std::uint32_t id, const connect_request& r, const grants& granted);
  /// The channels the server subscribes, with how to recover them. Nothing if the connection had to be
  /// closed for them.
  std::optional<std::map<std::string, subscribe_request>> server_side_of(const connect_request& r,
                                                                         const grants& granted);
  /// Answers connect with an error: what follows is ignored.
  void refuse(std::uint32_t id, error_result why);
  void refuse(std::uint32_t id, error_code code) { refuse(id, error_result{code}); }
  void on_server_side(const std::string& channel, subscribe_answer answer);
  void finish_connect();
  /// Whether the event has to wait for the reply to connect; then it is kept.
  bool holds(const channel_event_ptr& event);
  /// Keeps a message for after the reply.
  void push_later(const push_message& m);

  // -- client_subscriptions.cpp ---
  void on(std::uint32_t id, const subscribe_request& r);
  void on(std::uint32_t id, const unsubscribe_request& r);
  /// Reserves the channel and asks for it. Once it has answered, the reservation is completed or given
  /// up, and `then` is called.
  void subscribe(const std::string& channel, const namespaces::entry& in,
                 const subscribe_request& r, subscription::source by,
                 const subscription_terms& terms, std::function<void(subscribe_answer)> then);
  /// Once it is found to be allowed, by a token or without one.
  void subscribe_client(std::uint32_t id, const subscribe_request& r,
                        const subscription_terms& terms, std::optional<time_point> end);
  void on_happened(const channel_happened& m);
  void deliver_event(subscriptions::iterator to, const channel_event& event,
                     const delivery_ptr& what);
  /// The client has to subscribe again from its last position.
  void restart(subscriptions::iterator ended, bool tell_channel = true);
  void end_subscription(subscriptions::iterator ended, unsubscribe_code code, bool tell_channel);
  /// Has the processor fetch what the next event of a channel will need.
  void expect_events() noexcept;
  /// What a recovery may take now: several of them share the queue.
  std::size_t recoverable_bytes() const;
  /// Tells a channel that the subscription is over, without waiting for its answer.
  void leave(const std::string& channel);

  // -- client_tokens.cpp: who it is, and for how long ---
  using connection_judged = std::function<void(const connection_verdict&)>;
  using subscription_judged = std::function<void(const subscription_verdict&)>;
  /// Asks about a token, and suspends the commands that follow until it is answered. What `then` does may
  /// suspend them further.
  void verify(verify_connection question, connection_judged then);
  void verify(verify_subscription question, subscription_judged then);
  template <class Verdict, class Question>
  void await_verdict(Question question, std::function<void(const Verdict&)> then);
  /// Asks, and suspends the commands that follow until it is answered: by `otherwise` if who is asked fails.
  template <class Answer, class Whom, class Question>
  void await_answer(const Whom& whom, Question question, Answer otherwise, std::function<void(const Answer&)> then);
  void on_verdict(std::uint32_t id, const connect_request& r, const connection_verdict& m);
  void on_verdict(std::uint32_t id, const subscribe_request& r, const subscription_verdict& m);
  void on_verdict(std::uint32_t id, const refresh_request& r, const connection_verdict& m);
  void on_verdict(std::uint32_t id, const sub_refresh_request& r, const subscription_verdict& m);
  void on(std::uint32_t id, const refresh_request& r);
  void on(std::uint32_t id, const sub_refresh_request& r);
  /// Whether a subscription token was made for this client and channel.
  bool is_for(const subscription_grant& granted, const std::string& channel) const;
  void identify(const connection_grant& granted);
  std::optional<time_point> end_of(const time_left& left) const;
  void set_end(subscription& of, std::optional<time_point> end);
  expiry expiry_of(std::optional<time_point> end) const;
  /// Closes the connection, or ends subscriptions, whose time is over. @returns whether it is open.
  bool expire();
  void expire_subscriptions(time_point now);
  std::optional<time_point> next_expiry() const;
  /// When something is done about the end of the connection, or of a subscription.
  std::optional<time_point> due() const;
  time_point due(const subscription& of) const;

  // -- client_backend.cpp ---
  asking_client about_me() const;
  /// @returns whether the client is to get the error.
  bool deny(const denial& no);
  void keep_emulated_headers(const connect_request& r);
  void ask_to_connect(std::uint32_t id, const connect_request& r);
  void on_ruling(std::uint32_t id, const connect_request& r, const connect_ruling& m);
  /// Whether the backend decides about subscriptions without a token.
  bool is_asked_about(const channel_options& options, const std::string& channel) const;
  void ask_to_subscribe(std::uint32_t id, const subscribe_request& r);
  void ask_to_publish(std::uint32_t id, const publish_request& r);
  /// The time of the connection, or of a subscription, is over: whether it goes on.
  void ask_to_go_on();
  void ask_to_go_on(subscriptions::iterator over);
  void on_ruling(const refresh_ruling& m);
  void on_ruling(const std::string& channel, const refresh_ruling& m);

  // -- client_orders.cpp ---
  using promised = caf::typed_response_promise<carried_out>;
  promised on_order(const grant_subscription& m);
  promised on_order(const revoke_subscription& m);
  promised on_order(const renew_connection& m);
  /// Carries an order out when no command is being handled.
  template <class Order>
  promised in_turn(const Order& m);
  void carry_out(const grant_subscription& m, promised done);
  void carry_out(const revoke_subscription& m, promised done);
  void carry_out(const renew_connection& m, promised done);
  void tell_granted(const std::string& channel, subscribe_result& granted);

  // -- client_commands.cpp ---
  void on(std::uint32_t id, const publish_request& r);
  /// Once it is found to be allowed.
  void publish(std::uint32_t id, const publish_request& r, const publication_terms& terms);
  void on(std::uint32_t id, const presence_request& r);
  void on(std::uint32_t id, const presence_stats_request& r);
  void on(std::uint32_t id, const history_request& r);
  void on(std::uint32_t id, const rpc_request& r);
  void on(std::uint32_t id, const send_request& r);
  void on(std::uint32_t id, const pong&);
  void on(std::uint32_t id, const std::monostate&);
  /// The namespace of a channel with a proper name; else null, and the command is answered.
  const namespaces::entry* look_up(std::uint32_t id, const std::string& channel);
  requester asks_about(const std::string& channel) const;
  /// Forwards a command to its channel and suspends those that follow until it is answered with
  /// `make_result(what the channel said)` or an error.
  template <class Answered, class Message, class F>
  void ask(std::uint32_t id, Message question, F make_result);
  /// Likewise for a method of an extension, or the user's actor; the empty name is `send`. @returns false if
  /// there is none.
  bool call(std::uint32_t id, const std::string& method, const payload& data);
  /// @param otherwise Called if `whom` does not know the method; may be empty.
  template <class Handle>
  void ask_extension(std::uint32_t id, const Handle& whom, hooks::call question,
                     std::function<void()> otherwise = {});
  void on_called(std::uint32_t id, const hooks::call_result& r);

  /// As others see it in a channel, or by the empty name outside of all.
  client_info me(const std::string& channel) const;

  pointer self_;
  std::shared_ptr<const client_settings> settings_;
  client_profile profile_;
  line<pointer> line_;
  heartbeat heartbeat_;      // from connect on
  heartbeat_settings pulse_; // likewise: clients count on what they were told
  shard_actor shard_;   // outlives it
  payload info_;        // of its token
  std::string meta_;    // likewise
  std::optional<time_point> end_;           // of its token
  std::optional<time_point> next_sub_due_;  // no subscription is due before
  std::set<std::string> granted_;           // channels of its token
  subscriptions subscriptions_;
  std::unique_ptr<open_connect> connecting_;
  std::vector<open_frame> inbox_;
  std::vector<std::function<void()>> orders_; // one for each request of the API under way; and see push_later()
  std::string output_; // of this turn: one frame
  rates::checkpoint gate_;
  stage stage_ = stage::waiting;
  bool is_known_ = false; // to its shard, and so to all who look for its user
  bool busy_ = false;  // the command before waits for its channel
};

template <class Answer, class Whom, class Question>
void client_state::await_answer(const Whom& whom, Question question, Answer otherwise,
                                std::function<void(const Answer&)> then) {
  busy_ = true;
  const auto go_on_with = [this, then = std::move(then)](const Answer& m) {
    busy_ = false;
    if (!line_.is_closing()) then(m);
    if (!busy_) work();
  };
  self_->request(whom, caf::infinite, std::move(question))
      .then(go_on_with,
            [go_on_with, otherwise = std::move(otherwise)](const caf::error&) { go_on_with(otherwise); });
}

/// Spawn with spawn_on(host, client, settings, shard, profile, transport); the host must be the one
/// whose thread serves the transport. Its control lane has to hold more than queue_max_size.
client_actor::behavior_type client(client_state::pointer self,
                                   std::shared_ptr<const client_settings> settings,
                                   shard_actor shard, client_profile profile,
                                   std::shared_ptr<transport> out);

} // namespace troupe::centrifuge
