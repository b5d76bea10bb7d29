// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// MIRROR: a channel that belongs to another node, for its subscribers on this one. That node has the history, the presence
// and the order of events; the mirror asks it about each subscription, and encodes what happens there for those here.
// Thread: the loop of its HUB. Owner: that hub, which alone knows it. Bounded by: one subscription per connection,
// channel_settings::max_pending_bytes: with more on its way it fails, and its subscribers start anew. Ends when: idle for
// a while, the channel moves to another node, or its hub ends.
#pragma once
#include <troupe/centrifuge/channel.hpp>
#include <troupe/cluster/peer_interface.hpp>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace troupe::centrifuge {

class mirror_state {
public:
  static constexpr const char* name = "mirror";
  using pointer = hosted_pointer<spawned_channel_actor, mirror_state>;

  explicit mirror_state(pointer self);

  spawned_channel_actor::behavior_type make_behavior(std::shared_ptr<const channel_settings> settings, hub_actor hub,
                                                     std::string channel, const channel_options& options,
                                                     std::uint64_t sequence, cluster::peer_actor owner);

private:
  struct subscriber {
    caf::actor_addr who;
    listener as;
  };

  struct question {
    subscribe_channel what;
    caf::strong_actor_ptr who;
    caf::typed_response_promise<subscribe_answered> promise;
  };

  caf::typed_response_promise<subscribe_answered> on_subscribe(const subscribe_channel& m);
  /// The owner has answered.
  void settle(question& of, subscribe_answer answer);
  caf::typed_response_promise<unsubscribed> on_unsubscribe(const unsubscribe_channel& m);
  /// Has the owner forget a subscriber. `then` is called in any case.
  void leave(const std::string& client, std::function<void()> then);
  /// Makes what happened there happen here.
  void on_happened(channel_event& event);
  void on_down(const caf::down_msg& m);
  /// @returns whether it was there.
  bool remove(const std::string& client);
  void on_deadline();
  /// Sends those back who wait for an answer: nobody would tell them that this ends.
  void close();
  void arm();

  pointer self_;
  std::shared_ptr<const channel_settings> settings_;
  hub_actor hub_;
  std::string channel_;
  const channel_options* options_ = nullptr;
  cluster::peer_actor owner_;
  std::uint64_t sequence_ = 0; // of the last event
  std::uint64_t handled_ = 0;  // requests
  host::clock::time_point used_;
  timer deadline_;
  std::optional<residents> residents_; // from the start
  std::optional<fan_outs> fan_outs_; // likewise
  std::unordered_map<std::string, subscriber> subscribers_; // by connection ID
  std::unordered_map<std::string, question> asking_; // by connection ID: the owner has not answered
  bool is_closed_ = false;                  // it is about to end: its subscribers have been told
  publication_ptr last_;                   // of the stream, base of the next delta
};

/// Spawned by its hub, as channel() is. `owner` stands for the node that the channel belongs to.
spawned_channel_actor::behavior_type mirror(mirror_state::pointer self, std::shared_ptr<const channel_settings> settings,
                                            hub_actor hub, std::string name, const channel_options* options,
                                            std::uint64_t sequence, cluster::peer_actor owner);

} // namespace troupe::centrifuge
