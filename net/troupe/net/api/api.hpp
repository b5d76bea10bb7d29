// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// API: turns requests of the server API into messages to hubs, shards and the registry, and their
// answers into JSON. There is one for each loop, which serves the HTTP sessions of that loop.
// Thread: its loop. Owner: the server. Bounded by: one request for each HTTP connection; of a request,
// `window` steps at a time and api_options::max_response_bytes. Ends when: it is told to exit.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/centrifuge/namespaces.hpp>
#include <troupe/cluster/engine.hpp>
#include <troupe/hosted.hpp>
#include <troupe/net/api/answers.hpp>
#include <troupe/net/api/requests.hpp>
#include <troupe/net/internal/router.hpp>
#include <troupe/net/options.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace troupe::hooks {
class directory;
} // namespace troupe::hooks

namespace troupe::net::api {

/// From an HTTP session: what came in the body of POST /api/METHOD, or of POST /api if `method` is
/// empty. `respond` is called once, on the loop's thread.
struct answer_call {
  std::string method;
  std::string body;
  api_errors errors = api_errors::body;
  std::function<void(decision)> respond;
  /// Whether somebody still waits for it: what has not begun then does not. Null: always.
  std::function<bool()> is_awaited = {};
};

using api_actor = troupe::cluster::node_api_actor::extend<caf::reacts_to<answer_call>>;

/// What all APIs of a server share. Immutable; outlives them.
struct api_settings {
  api_options options;
  std::shared_ptr<const troupe::centrifuge::namespaces> channels;
  std::vector<troupe::centrifuge::channel_actor> hubs; ///< By loop; see hub_of().
  std::vector<shard_actor> shards;
  registry_actor registry;
  std::shared_ptr<const hooks::directory> extensions{}; ///< Methods for rpc; null: there are none.
  std::vector<const loop_counters*> counters; ///< Of all loops.
  live_policy policy;                         ///< Of messages to /ws.
  std::size_t max_message_bytes = 0;          ///< To /ws, so that any outbox may take it.
  std::string uid;                            ///< Of this run of the server.
  std::string name;                           ///< Of the node, for people.
  std::string version;
  host::clock::time_point started;
  troupe::cluster::engine_actor engine{}; ///< Null: there are no other nodes.
};

class api_state {
public:
  static constexpr const char* name = "api";
  using pointer = hosted_pointer<api_actor, api_state>;

  explicit api_state(pointer self) : self_(self) {}

  api_actor::behavior_type make_behavior(std::shared_ptr<const api_settings> settings);

private:
  using then = std::function<void(answer)>;
  using sizes = std::map<std::string, std::uint64_t>; // of sets, by name

  // Steps of one request under way at a time.
  static constexpr std::size_t window = 64;

  void on_call(answer_call& m);
  // api_nodes.cpp: methods that are about all nodes
  /// What this node has to say, to another one.
  caf::typed_response_promise<troupe::cluster::node_answer> on_node_call(const troupe::cluster::node_call& m);
  /// Runs a request here, and has other nodes run it, if it is about all of them.
  void begin(command& what, const then& done);
  template <class Request>
  void begin_everywhere(Request& r, const then& done);
  /// One page is of one node.
  void begin_everywhere(connections_request& r, const then& done);
  /// @param next UID of the node behind it; empty: there is none.
  void page_of_node(const std::string& uid, const std::string& next, connections_request r, const then& done);
  void on_legacy(answer_call& m);
  void run_batch(batch_request r, std::function<bool()> is_awaited,
                 std::function<void(std::string)> done);
  void run_each(batch_command& what, const then& done);

  void run(publish_request& r, const then& done);
  void run(broadcast_request& r, const then& done);
  void run(presence_request& r, const then& done);
  void run(presence_stats_request& r, const then& done);
  void run(history_request& r, const then& done);
  void run(history_remove_request& r, const then& done);
  void run(channels_request& r, const then& done);
  void run(info_request& r, const then& done);
  void run(rpc_request& r, const then& done);
  // api_users.cpp
  void run(subscribe_request& r, const then& done);
  void run(unsubscribe_request& r, const then& done);
  void run(disconnect_request& r, const then& done);
  void run(refresh_request& r, const then& done);
  /// What to do with one connection, and whom to tell the error when it is done.
  using act = std::function<void(const listed_connection&, std::function<void(std::optional<error_code>)>)>;
  struct rounds;
  /// Does it to all that are chosen; answers with {}, or with an error of one of them.
  void make_rounds(const chosen_connections& among, act what, const then& done);
  void go_round(const std::shared_ptr<rounds>& all);
  /// The same with an order for clients of the protocol.
  template <class Order>
  void order(const chosen_connections& among, Order what, const then& done);
  void close(const chosen_connections& among, const close_status& status,
             std::set<std::string> spared, const then& done);
  // api_connections.cpp
  void run(connections_request& r, const then& done);
  void run(send_request& r, const then& done);
  struct page;
  void turn(const std::shared_ptr<page>& to);

  void publish(const std::string& channel, const payload& data, const publish_request& how,
               const then& done);
  /// The namespace of a channel; else null, and `done` has been told why.
  const troupe::centrifuge::namespaces::entry* look_up(const std::string& channel, const then& done);
  /// Asks a channel; `done` gets its error, or what `make_json` makes of its answer.
  template <class Answered, class Message, class F>
  void ask(Message question, const then& done, F make_json);

  // What shards said so far about their sets of a kind.
  struct survey;
  /// Sizes of the sets of a kind, over all shards; nothing if there are too many to tell.
  void list(membership in, std::shared_ptr<const glob> pattern,
            std::function<void(std::optional<sizes>)> done);
  void list_part(const std::shared_ptr<survey>& of, std::size_t shard,
                 const membership_index::part& from);

  [[nodiscard]] std::uint64_t total(counter loop_counters::* which) const noexcept;

  pointer self_;
  std::shared_ptr<const api_settings> settings_;
};

/// Spawn one per loop with spawn_on(loop, api::api, settings).
api_actor::behavior_type api(api_state::pointer self, std::shared_ptr<const api_settings> settings);

} // namespace troupe::net::api

// Far behind the blocks of troupe::actors, which programs continue.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_api, 30000)
  CAF_ADD_TYPE_ID(troupe_api, (troupe::net::api::answer_call))
CAF_END_TYPE_ID_BLOCK(troupe_api)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::api::answer_call)
