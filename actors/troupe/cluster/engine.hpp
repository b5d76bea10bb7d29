// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ENGINE: knows which nodes there are, by what they say of themselves over a LINK to a broker; has a PEER for each; tells
// hubs whose channels belong to whom. What goes to all nodes goes through here.
// Thread: CAF's scheduler. Owner: the server. Bounded by: a peer for each node; engine_options::max_relayed_bytes. Ends
// when: it is told to exit, after its peers.
#pragma once
#include <troupe/cluster/peer.hpp>
#include <troupe/cluster/view.hpp>
#include <troupe/event_log.hpp>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::cluster {

struct engine_options {
  std::chrono::milliseconds beat{1'000}; ///< Between two signs of life.
  /// A node that gives none for so long is gone. If those of this node do not come back for half of it, it is the broker
  /// that stands still, and nobody is gone.
  std::chrono::milliseconds timeout{5'000};
  /// From when the broker is there until channels belong to this node: time to find the others, who have them.
  std::chrono::milliseconds join{500};
};

/// From the server: these are the actors of this node. Before all else.
struct begin_cluster {
  link_actor link;
  registry_actor registry;
  std::vector<centrifuge::hub_actor> hubs;
  node_api_actor api; ///< Null: it answers no node_call.
  std::string name;    ///< Of this node, for people.
  std::string version;
};

/// From the server: this node leaves. Others own its channels from now on, if there are others.
struct leave_cluster {};

/// Asks all other nodes that are known, or one.
struct ask_nodes {
  node_call what;
  std::string uid{}; ///< Of that one; empty: all.
};
struct nodes_said {
  std::vector<node_answer> answers; ///< In no order; of those that gave one.
  std::size_t missing = 0;          ///< Of those that did not.
};

/// From the server: answered once this node has joined or, if it leaves, has given its streams away. Without the broker it
/// joins when that is there, and leaves at once.
struct await_place {};
struct place_taken {};

/// Which nodes are known?
struct list_nodes {};
struct listed_node {
  std::string uid;
  std::string name;
  std::string version;
  bool self = false;
  bool joining = false;
  bool leaving = false;
  bool met = false;                     ///< It and this one can talk.
  std::chrono::milliseconds silence{0}; ///< Since its last sign of life.
};
struct listed_nodes {
  bool connected = false; ///< To the broker.
  std::vector<listed_node> nodes;
};

/// From itself.
struct engine_tick {};
struct engine_join {};

using engine_actor = peer_owner::extend<
  // From the server.
  caf::reacts_to<begin_cluster>,
  caf::reacts_to<leave_cluster>,
  caf::replies_to<await_place>::with<place_taken>,
  // From the registry: for connections of other nodes.
  caf::reacts_to<relay>,
  caf::replies_to<confirm_fan_out>::with<receipt>,
  caf::replies_to<change_membership>::with<receipt>,
  caf::replies_to<close_connections>::with<receipt>,
  // From hubs, for patterns of theirs.
  caf::replies_to<centrifuge::watch_pattern>::with<centrifuge::watching>,
  // From anyone.
  caf::replies_to<ask_nodes>::with<nodes_said>,
  caf::replies_to<list_nodes>::with<listed_nodes>,
  // From the link.
  caf::reacts_to<packet_came>,
  caf::reacts_to<beat_came>,
  caf::reacts_to<link_changed>,
  // From itself.
  caf::reacts_to<engine_tick>,
  caf::reacts_to<engine_join>>;

struct engine_settings {
  std::string uid; ///< Of this run of the node.
  engine_options options;
  std::shared_ptr<send_budget> budget;       ///< Of packets on their way to the link.
  std::shared_ptr<send_budget> relay_budget; ///< Of what the registry has relayed; it takes, the engine gives back.
  std::shared_ptr<counters> figures = std::make_shared<counters>();
  event_log* log = &event_log::none();       ///< Outlives it.
  std::function<std::uint64_t()> new_session; ///< Another number each time, never 0.
};

class engine_state {
public:
  static constexpr const char* name = "engine";
  using pointer = engine_actor::stateful_pointer<engine_state>;

  explicit engine_state(pointer self) : self_(self) {}

  engine_actor::behavior_type make_behavior(engine_settings settings);

private:
  using time_point = caf::actor_clock::time_point;
  struct node {
    peer_actor who;
    std::string name;
    std::string version;
    time_point heard;
    bool met = false;    // it and this one can talk
    bool counts = false; // they could once: channels belong to it until it is gone
    bool joining = true; // until it says
    bool leaving = false;
    std::optional<handed_over> said; // by it
    std::optional<handed_over> told; // to it, in this session

    [[nodiscard]] bool owns() const noexcept { return !joining && !leaving; }
  };

  void on_begin(const begin_cluster& m);
  void on_tick();
  void on_join();
  void on_leave();
  caf::typed_response_promise<place_taken> on_await();
  void on_packet(const packet_came& m);
  void on_beat(const beat_came& m);
  void on_link(const link_changed& m);
  /// Whether the broker passes on what this node says: only then anything is known of others.
  void connect(bool connected);
  void on_met(const peer_met& m);
  void on_handed_over(const peer_handed_over& m);
  void on_down(const caf::down_msg& m);
  void on_exit(const caf::exit_msg& m);
  void on_relay(const relay& m);
  /// Has all nodes do it. @returns the sum of what they say.
  template <class Question>
  caf::typed_response_promise<receipt> ask_all(const Question& m);
  caf::typed_response_promise<centrifuge::watching> on_watch(const centrifuge::watch_pattern& m);
  caf::typed_response_promise<nodes_said> on_ask(const ask_nodes& m);
  listed_nodes on_list() const;

  /// The node of a sign of life, with a peer, which it may not have had.
  node& heard_of(const std::string& uid);
  void spawn_peer(const std::string& uid, node& n, bool is_new);
  void announce(bool gone = false);
  /// Tells the hubs how it is now.
  void tell_view(bool renounce = false);
  /// They have all done what follows from it.
  void on_settled();
  [[nodiscard]] bool owns() const noexcept { return !joining_ && !leaving_; }
  /// Whether a node has given this one all that belongs here.
  [[nodiscard]] bool is_settled(const node& n) const noexcept;
  /// Answers await_place if it is so.
  void take_place();
  /// Tells one node all patterns of this one.
  void tell_patterns(const peer_actor& to);

  pointer self_;
  engine_settings settings_;
  std::shared_ptr<const peer_settings> for_peers_; // null before it begins
  std::vector<centrifuge::hub_actor> hubs_;
  link_actor link_;
  node_api_actor api_;
  std::string name_;
  std::string version_;
  std::map<std::string, node> nodes_; // by UID
  std::deque<std::string> gone_; // UIDs that were taken for gone last
  std::map<std::string, centrifuge::watcher> patterns_; // of this node
  time_point ticked_;
  time_point echoed_;      // when a sign of life of this node came back last
  bool linked_ = false;    // to a broker, which may stand still
  bool connected_ = false; // and it does not
  bool joining_ = true;
  bool leaving_ = false;
  bool left_ = false; // and has given its streams away
  std::optional<time_point> joins_;       // from then on
  std::uint64_t views_ = 0;               // told to hubs
  std::size_t unsettled_ = 0;             // hubs, as of the last of them
  std::vector<caf::typed_response_promise<place_taken>> waiting_;
};

/// Spawn with system.spawn(engine, settings), then send it begin_cluster.
engine_actor::behavior_type engine(engine_state::pointer self, engine_settings settings);

} // namespace troupe::cluster

CAF_BEGIN_TYPE_ID_BLOCK(troupe_cluster_engine, 29730)
  CAF_ADD_TYPE_ID(troupe_cluster_engine, (troupe::cluster::begin_cluster))
  CAF_ADD_TYPE_ID(troupe_cluster_engine, (troupe::cluster::leave_cluster))
  CAF_ADD_TYPE_ID(troupe_cluster_engine, (troupe::cluster::ask_nodes))
  CAF_ADD_TYPE_ID(troupe_cluster_engine, (troupe::cluster::nodes_said))
  CAF_ADD_TYPE_ID(troupe_cluster_engine, (troupe::cluster::list_nodes))
  CAF_ADD_TYPE_ID(troupe_cluster_engine, (troupe::cluster::listed_nodes))
  CAF_ADD_TYPE_ID(troupe_cluster_engine, (troupe::cluster::engine_tick))
  CAF_ADD_TYPE_ID(troupe_cluster_engine, (troupe::cluster::engine_join))
  CAF_ADD_TYPE_ID(troupe_cluster_engine, (troupe::cluster::await_place))
  CAF_ADD_TYPE_ID(troupe_cluster_engine, (troupe::cluster::place_taken))
CAF_END_TYPE_ID_BLOCK(troupe_cluster_engine)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::begin_cluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::leave_cluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::ask_nodes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::nodes_said)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::list_nodes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::listed_nodes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::engine_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::engine_join)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::await_place)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::place_taken)
