// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// PEER: another node, on this one. Asks that node what actors here ask it, and actors here what that node asks. When a
// packet of that node is missing, or it has begun anew, the peer ends, and with it all that relied on it: subscribers
// there leave the channels here, mirrors of its channels end.
// Thread: CAF's scheduler. Owner: the ENGINE. Bounded by: the budget for what is sent; peer_settings::max_questions. Ends
// when: something was lost, the node is gone, or it is told to exit.
#pragma once
#include <troupe/cluster/counters.hpp>
#include <troupe/cluster/packet.hpp>
#include <troupe/send_budget.hpp>

#include <caf/actor_clock.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::cluster {

/// Peer to engine: that node and this one know each other now.
struct peer_met {
  std::string uid;
  std::string name;
  std::string version;
  bool was_new = false; ///< This node was new to it.
};
/// Peer to engine: that node says so.
struct peer_handed_over {
  handed_over as;
};
using peer_owner = caf::typed_actor<caf::reacts_to<peer_met>, caf::reacts_to<peer_handed_over>>;

/// What all peers of a node share. Immutable.
struct peer_settings {
  std::string self; ///< UID of this node.
  std::string name;
  std::string version;
  link_actor link;
  registry_actor registry;
  std::vector<centrifuge::hub_actor> hubs; ///< By index of their loop.
  std::shared_ptr<send_budget> budget;     ///< Of what is on its way to the link.
  std::shared_ptr<counters> figures;
  std::chrono::milliseconds patience{5'000}; ///< For an answer.
  std::size_t max_questions = 100'000;       ///< That wait for one; more fail at once.
};

class peer_state {
public:
  static constexpr const char* name = "peer";
  using pointer = peer_actor::stateful_pointer<peer_state>;

  explicit peer_state(pointer self) : self_(self) {}
  ~peer_state();

  peer_actor::behavior_type make_behavior(std::shared_ptr<const peer_settings> settings, std::string uid,
                                          std::uint64_t session, bool is_new, peer_owner owner, node_api_actor api);

private:
  template <class Answer>
  using promise = caf::typed_response_promise<Answer>;
  using clock = caf::actor_clock;

  // A question to that node.
  struct question {
    std::function<void(content*)> answer; // null: none came
    clock::time_point until;
  };

  /// Asks that node. @param refused The answer if it cannot be asked. @param failed The one if none comes.
  template <class Answer, class Question>
  promise<Answer> ask(Question&& what, Answer refused, Answer failed);
  /// @returns false: there is no room. Then the packet was not sent, and its number not used.
  /// @param number Of a question, or of that which it answers.
  bool send(content what, std::uint64_t number = 0);
  void greet();
  bool met() const noexcept { return theirs_ != 0 && they_heard_; }

  fanned_out on_event(const centrifuge::fan_out_event& m);
  fanned_out on_match(const centrifuge::publish_match& m);
  void on_relay(const relay& m);
  void on_packet(packet& p);
  void on_tick();
  /// What that node says was not all it said.
  void lose(const char* what);

  // -- peer_questions.cpp: what that node asks ---
  void serve(packet& p);
  [[nodiscard]] const centrifuge::hub_actor& hub_of(std::string_view channel) const;
  /// Has an actor answer a question of that node.
  template <class Answer, class Handle, class Question>
  void pass_on(std::uint64_t number, const Handle& whom, Question what);
  /// Likewise, one that only looks.
  template <class Answer, class Question>
  void read(std::uint64_t number, Question& m);
  void serve(std::uint64_t number, centrifuge::subscribe_channel& m);
  void serve(std::uint64_t number, centrifuge::publish_channel& m);
  void serve(std::uint64_t number, centrifuge::adopt_stream& m);
  void serve(std::uint64_t number, distant_watch& m);
  void serve(std::uint64_t number, node_call& m);
  void serve(distant_event& m);
  void serve(distant_match& m);
  void serve(distant_broadcasts& m);
  void serve(const centrifuge::close_elsewhere& m);

  pointer self_;
  std::shared_ptr<const peer_settings> settings_;
  std::string uid_;
  peer_owner owner_;
  node_api_actor api_;
  greeting theirs_said_;
  bool is_new_ = false;      // to this node
  std::uint64_t mine_ = 0;   // session
  std::uint64_t theirs_ = 0; // 0: not known yet
  bool they_heard_ = false;  // of mine
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t asked_ = 0;
  std::map<std::uint64_t, question> questions_; // by number, and so by age
};

/// Spawn with system.spawn(peer, settings, uid, session, is_new, owner, api). `session` is another one each time and never 0;
/// `is_new` tells whether this node has not known that one, or has taken it for gone; `api` may be null.
peer_actor::behavior_type peer(peer_state::pointer self, std::shared_ptr<const peer_settings> settings, std::string uid,
                               std::uint64_t session, bool is_new, peer_owner owner, node_api_actor api);

} // namespace troupe::cluster

CAF_BEGIN_TYPE_ID_BLOCK(troupe_cluster_peer, 29720)
  CAF_ADD_TYPE_ID(troupe_cluster_peer, (troupe::cluster::peer_met))
  CAF_ADD_TYPE_ID(troupe_cluster_peer, (troupe::cluster::peer_handed_over))
CAF_END_TYPE_ID_BLOCK(troupe_cluster_peer)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::peer_met)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::peer_handed_over)
