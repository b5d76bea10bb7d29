// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HUB: the channels of one loop by name. Spawns them on demand, lets idle ones go without losing a
// request, and tells subscribers when one has failed. Knows the patterns of all hubs: what is published
// in its channels goes to those that match. If there are other nodes, each channel belongs to one of them:
// requests for it go there, and for its subscribers here there is a MIRROR.
// Thread: its loop. Owner: the server. Bounded by: channel_settings::max_channels. Ends when: it is
// told to exit, after its channels.
#pragma once
#include <troupe/centrifuge/channel.hpp>
#include <troupe/cluster/peer_interface.hpp>
#include <troupe/centrifuge/watch_list.hpp>
#include <troupe/observer_log.hpp>

#include <caf/result.hpp>
#include <caf/system_messages.hpp>

#include <optional>
#include <span>
#include <string_view>

namespace troupe::centrifuge {

class hub_state : private supervisor {
public:
  static constexpr const char* name = "hub";
  using pointer = hosted_pointer<hub_actor, hub_state>;

  explicit hub_state(pointer self);

  hub_actor::behavior_type make_behavior(std::shared_ptr<const channel_settings> settings);

private:
  // supervisor: of its channels
  bool kill(std::uint64_t actor) override;
  void describe(std::vector<ward>&) const override {} // their names are in the meters

  struct entry {
    spawned_channel_actor who;
    const namespaces::entry* space; // of settings_
    std::uint64_t generation;       // of the namespaces it is of
    caf::actor_id owner = 0;        // if this is a mirror: who stands for the channel's node
    std::uint64_t views = 0;        // as of the hub, when its owner was looked up
    std::uint64_t forwarded = 0;    // requests
    bool occupied = false;          // as far as observers were told
  };
  using channel_map = std::unordered_map<std::string, entry>;
  static constexpr std::size_t moved_at_once = 64; // channels, unless somebody asks for them
  struct moving {
    spawned_channel_actor who;
    caf::actor_id to; // whoever stands for the node it goes to
    std::vector<caf::typed_response_promise<stream_sought>> sought;
  };

  template <class Request>
  auto pass_on(entry& to, Request& m);
  /// Passes a request on to its channel, unless the namespace's hook decides otherwise.
  template <class Answer, class Request>
  caf::result<Answer> forward(Request& m);
  caf::result<remove_history_answered> on_remove_history(remove_history& m);
  caf::result<unsubscribed> on_unsubscribe(unsubscribe_channel& m);
  caf::result<publish_answered> on_publish(publish_channel& m);
  caf::result<fanned_out> on_match(publish_match& m);
  void on_gave_up();
  void on_renew(const renew_channels& m);
  void go_on_renewing();
  /// Has a channel go by what its namespace says now. @returns false: it has ended, for it cannot.
  bool renew(channel_map::iterator at);
  /// Ends a channel that has not failed, and all subscriptions.
  void end_channel(channel_map::iterator at, unsubscribe_code why);
  /// Takes one from the table, whose actor is to end, and tells its subscribers why.
  void strike(channel_map::iterator at, unsubscribe_code why);
  void on_meet(const meet_hubs& m);
  /// @param is_coming Its stream is on its way here.
  entry spawn_channel(const std::string& channel, const namespaces::entry& space, std::uint64_t generation, bool is_coming);
  void on_idle(const channel_idle& m);
  void on_down(const caf::down_msg& m);
  void on_exit(const caf::exit_msg& m);
  void end();

  // -- hub_observers.cpp ---
  void on_observe(const observe_channels& m);
  void on_unobserve(const unobserve_channels& m);
  void on_changed(const channel_changed& m);
  caf::typed_response_promise<noted> on_sync(const sync_changes& m);
  void report(channel_change what, std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now());
  void send_changes();
  /// Sends observers what they have not got: the hub ends.
  void tell_all();

  /// The channel of a name, spawned if need be, or why it cannot be had.
  std::variant<entry*, error_code> find_or_spawn(const std::string& channel, bool is_coming = false);

  // -- hub_hooks.cpp: namespaces with an actor that has a say ---
  void find_hooks();
  /// Who has a say in a channel; mostly nobody.
  hooks::namespace_keeper_actor hook_of(const std::string& channel) const;
  /// The channel ended with all its subscriptions.
  void tell_hook_lost(const std::string& channel);
  caf::result<subscribe_answered> consult(const hooks::namespace_keeper_actor& hook, subscribe_channel& m);
  caf::result<publish_answered> consult(const hooks::namespace_keeper_actor& hook, publish_channel& m);
  caf::result<presence_answered> consult(const hooks::namespace_keeper_actor& hook, get_presence& m);
  caf::result<presence_stats_answered> consult(const hooks::namespace_keeper_actor& hook,
                                               get_presence_stats& m);
  caf::result<history_answered> consult(const hooks::namespace_keeper_actor& hook, get_history& m);
  template <class Answer, class Request, class Question, class F>
  caf::typed_response_promise<Answer> ask_first(const hooks::namespace_keeper_actor& hook,
                                                Question question, Request& m, F decide);

  // -- hub_cluster.cpp: channels that belong to other nodes ---
  caf::typed_response_promise<view_settled> on_view(const view_changed& m);
  void on_happened_elsewhere(const happened_elsewhere& m);
  /// Has a channel give its stream to the node that it belongs to now, and end. @param owner Null: this one, again.
  void move(channel_map::iterator at, const cluster::peer_actor& owner);
  void give(const spawned_channel_actor& who, const cluster::peer_actor& owner);
  /// Ends with it. @returns false: it was not on its way.
  bool has_moved(const std::string& channel, caf::actor_id who);
  /// Answers the engine if nothing is left to do.
  void settle();
  caf::result<stream_sought> on_want(const want_stream& m);
  caf::result<stream_adopted> on_adopt(adopt_stream& m);
  void on_outdated(const channel_outdated& m);
  /// Has the node of a mirror forget the subscribers here.
  void abandon(const std::string& channel, caf::actor_id owner);
  caf::result<void> on_abandon(abandon_channel& m);
  /// Who stands for the node that a channel belongs to; null: it belongs to this one, as all patterns do.
  [[nodiscard]] cluster::peer_actor owner_of(const std::string& channel) const;
  /// Whether publications are refused: nobody elsewhere would get them.
  [[nodiscard]] bool is_cut_off() const noexcept;

  /// The patterns that a channel's publications match.
  std::vector<watcher> watchers_of(const std::string& channel, const entry& of) const;
  /// Has all hubs know a pattern, then tells it so.
  void watch(const std::string& pattern, const spawned_channel_actor& who);
  void unwatch(const std::string& pattern);
  /// Tells the shards that a channel ended, and why its subscribers are unsubscribed.
  void tell_lost(const std::string& channel, unsubscribe_code why);

  pointer self_;
  std::shared_ptr<const channel_settings> settings_;
  channel_map channels_;
  std::unordered_map<caf::actor_id, std::string> by_actor_; // no name: it has leave to go
  std::vector<std::pair<std::string, hooks::namespace_keeper_actor>> hooks_; // by namespace
  std::vector<watching_actor> others_;
  std::shared_ptr<const cluster::view> view_; // null: there are no other nodes
  std::uint64_t views_ = 0;                   // that there have been
  std::uint64_t renounced_ = 0;               // as of that one: channels of before are not to go on
  std::unordered_multimap<std::string, moving> moving_; // not in channels_ any more
  std::vector<caf::typed_response_promise<view_settled>> unsettled_; // the engine's questions
  std::optional<std::size_t> renewed_; // buckets of channels_, of those that have to find out; none: all have
  std::size_t renewing_ = 0;           // how many there were when that began
  watch_list watched_;
  observer_log<channel_changes> changes_{observer_bounds{}};
  caf::error ending_; // why, once told to exit
  std::uint64_t sequence_ = 0; // above that of any event so far
};

template <class Request>
auto hub_state::pass_on(entry& to, Request& m) {
  ++to.forwarded;
  sequence_ += 2; // a request makes at most one event, and a subscription one more when it ends
  return self_->delegate(to.who, std::move(m));
}

/// Spawn one per loop with spawn_on(host, hub, settings).
hub_actor::behavior_type hub(hub_state::pointer self,
                             std::shared_ptr<const channel_settings> settings);

/// Makes the hubs of a server known to each other: before any of them is used.
/// @param beyond Whoever knows those of other nodes; null: there are none.
void meet(std::span<const hub_actor> hubs, const watching_actor& beyond = {});

/// The hub that a channel belongs to: requests for it go there. `hubs`, by index of their loop, is
/// the same everywhere and not empty.
const channel_actor& hub_of(std::string_view channel, std::span<const channel_actor> hubs);

/// Its index, of `hubs`.
[[nodiscard]] std::size_t index_of_hub(std::string_view channel, std::size_t hubs) noexcept;

} // namespace troupe::centrifuge
