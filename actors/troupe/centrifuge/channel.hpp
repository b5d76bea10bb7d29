// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CHANNEL: one channel: who is subscribed, its history, presence and the order of its events. Or one
// pattern: who is subscribed to whatever matches.
// Thread: the loop of its HUB. Owner: that hub, which alone knows it. Bounded by: history_size, one
// subscription per connection, channel_settings::max_pending_bytes. Ends when: idle for a while and
// its stream forgotten or kept by the HISTORY STORE, given to another node, or its hub ends.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/centrifuge/fan_outs.hpp>
#include <troupe/centrifuge/history_store.hpp>
#include <troupe/centrifuge/namespaces.hpp>
#include <troupe/centrifuge/residents.hpp>
#include <troupe/centrifuge/seen_keys.hpp>
#include <troupe/centrifuge/stream_arrival.hpp>
#include <troupe/centrifuge/stream_departure.hpp>
#include <troupe/event_log.hpp>
#include <troupe/hooks/messages.hpp>
#include <troupe/hosted.hpp>
#include <troupe/send_budget.hpp>

#include <caf/actor_addr.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace troupe::hooks {
class directory;
} // namespace troupe::hooks

namespace troupe::centrifuge {

/// What all hubs and channels of a server share. Immutable; outlives them.
struct channel_settings {
  std::shared_ptr<const namespaces> names;
  std::shared_ptr<const hooks::directory> extensions = {}; ///< Null: there are none.
  std::vector<shard_actor> shards; ///< By index of their loop.
  codec_set codecs{};
  event_log* log = &event_log::none();
  std::size_t max_channels = 1'000'000;            ///< Of one hub; more are limit_exceeded.
  std::size_t max_history_publications = 300;      ///< In one answer.
  std::size_t max_recovered_publications = 300;    ///< In one answer; more are not recovered.
  std::size_t max_pending_bytes = 8 * 1024 * 1024; ///< Of a channel, published and not fanned out.
  std::chrono::milliseconds idle = std::chrono::seconds{10}; ///< Unused so long, a channel ends.
  history_store_actor store = {}; ///< Of namespaces with history_persistent; none: history is in memory.
  std::shared_ptr<send_budget> store_budget = {}; ///< Of all publications that wait for it; not null if there is one.
  std::size_t max_stored_at_once = 256;           ///< Publications of a channel in one request to it.
  std::size_t max_waiting = 10'000; ///< Other requests for a channel whose stream it has not read yet.
};

class channel_state {
public:
  static constexpr const char* name = "channel";
  using pointer = hosted_pointer<spawned_channel_actor, channel_state>;

  explicit channel_state(pointer self);
  ~channel_state();

  spawned_channel_actor::behavior_type make_behavior(
    std::shared_ptr<const channel_settings> settings, hub_actor hub, std::string channel,
    const namespaces::entry& space, std::uint64_t sequence,
    hooks::namespace_keeper_actor hook, const stream_source& from);

private:
  struct subscriber {
    caf::actor_addr who; // or its portal
    caf::actor_id via;   // that portal; 0: it is on this node
    listener as;
    client_info info; // only if somebody is to be told of its leave
    bool announced;   // with a join, so its leave is too
    bool told;        // to observers, so its leave is too
  };
  // A publication that waits for the store.
  struct unstored {
    publish_channel what;
    std::vector<watcher> watchers;
    caf::typed_response_promise<publish_answered> answer;
    std::size_t bytes;
    publication_ptr made; // given to the store
  };

  caf::typed_response_promise<subscribe_answered> on_subscribe(const subscribe_channel& m);
  caf::typed_response_promise<unsubscribed> on_unsubscribe(const unsubscribe_channel& m);
  caf::typed_response_promise<publish_answered> on_publish(publish_channel& m,
                                                           const std::vector<watcher>& watchers);
  caf::typed_response_promise<fanned_out> on_match(const publish_match& m);
  void subscribe(const subscribe_channel& m, const caf::strong_actor_ptr& sender,
                 caf::typed_response_promise<subscribe_answered> promise);
  void on_watched();
  presence_answered on_presence() const;
  presence_stats_answered on_presence_stats() const;
  /// What a publication that is not to be published is answered with.
  [[nodiscard]] std::optional<stream_position> answered_before(const publish_channel& m);
  /// So that answered_before() knows it.
  void remember(publish_channel& m, const stream_position& position);
  caf::typed_response_promise<history_answered> on_history(const get_history& m);
  caf::typed_response_promise<remove_history_answered> on_remove_history();
  void on_renewed(const channel_options& options);
  void on_deadline();
  void on_down(const caf::down_msg& m);

  /// What a subscriber is told, or why it cannot subscribe. Changes nothing.
  subscribe_answer answer_to(const subscribe_channel& m, const caf::strong_actor_ptr& sender);
  /// Ends a subscription. @returns the number of shards and portals that tell of it.
  std::size_t remove(const std::string& client);

  // -- channel_portals.cpp: subscribers on this node and elsewhere ---
  struct portal {
    portal_actor who;
    std::size_t members = 0;
    std::size_t with_join_leave = 0;
  };
  void enter(const subscriber& who, const std::string& client, const portal_actor& via);
  void leave(const subscriber& who);
  /// Its subscribers have left.
  void on_portal_down(caf::actor_id via);
  /// Likewise those that wait for the stream.
  void on_abandoned(caf::actor_id via);
  [[nodiscard]] bool portals_want_join_leave() const noexcept;
  /// Hands an event to all portals that want it. @returns their number.
  std::size_t to_portals(const channel_event_ptr& event);

  /// Publishes what needs no store.
  void publish(publish_channel& m, const std::vector<watcher>& watchers,
               caf::typed_response_promise<publish_answered> promise);
  /// Sends a publication on its way, once it is in the stream or if it stays outside of it. Answers `promise`.
  /// @param previous Base of its delta; null: none is to be made.
  void release(publish_channel& m, publication_ptr made, const publication_ptr& previous,
               const std::vector<watcher>& watchers, caf::typed_response_promise<publish_answered> promise);
  [[nodiscard]] bool goes_to_history(const publish_channel& m) const noexcept {
    return options_->has_history() && !m.skip_history;
  }
  [[nodiscard]] publication_ptr base_of_delta(const publish_channel& m);
  void count(const payload& published);

  // -- channel_storage.cpp: history that outlives the process ---
  void open_stored();
  /// Acts once the stream is there: now, if it need not be waited for. @param promise Is answered if that cannot be.
  /// @returns whether it waits.
  template <class Answer, class F>
  bool when_open(caf::typed_response_promise<Answer> promise, F act);
  void publish_stored(publish_channel& m, const std::vector<watcher>& watchers,
                      caf::typed_response_promise<publish_answered> promise);
  /// Has the store keep what waits, unless it is doing so already.
  void store_next();
  [[nodiscard]] keep_publications next_batch();
  void on_stored(bool done);
  void remove_stored(caf::typed_response_promise<remove_history_answered> promise);
  /// Answers what waits with an error: nobody will keep it.
  void give_up_storing() noexcept;

  // -- channel_handover.cpp: history that comes from another node, or goes there ---
  void await_stream(const stream_source& from);
  void publish_later(publish_channel& m, const std::vector<watcher>& watchers,
                     caf::typed_response_promise<publish_answered> promise);
  /// The stream is there. @param as Nothing: it begins with its first use.
  void open(std::optional<kept_stream> as);
  stream_adopted on_adopt(adopt_stream& m);
  void on_give_away(const give_away& m);
  void on_depart();
  void arm_departure();

  history& stream();
  [[nodiscard]] caf::intrusive_ptr<channel_event> next_event(channel_event::kind what);
  /// Tells those who want to know. @returns the number of shards that do it.
  std::size_t announce(channel_event::kind what, const client_info& who);
  /// Tells observers, if there are any.
  template <class Change>
  void tell(Change what);
  /// Hands an event to the shards and portals that have subscribers. @returns their number.
  std::size_t fan_out(const channel_event_ptr& event);
  /// Hands a publication to the patterns that match.
  void hand_over(const channel_event& event, const std::vector<watcher>& watchers,
                 const std::string& key);
  /// Encodes a publication and sends it to all who want it. `answer` is called once they have it.
  void spread(const caf::intrusive_ptr<channel_event>& event, const publication_ptr& previous,
              const std::string& key, const std::vector<watcher>& watchers,
              std::function<void(bool done)> answer);

  /// When the channel may go; nothing while it is in use.
  [[nodiscard]] std::optional<host::clock::time_point> leaves_at() const;
  /// Writes its figures down for others.
  void show();
  void arm();
  /// Every request goes through here. @returns what `handle()` does.
  template <class F>
  auto handled(F handle);

  pointer self_;
  std::shared_ptr<const channel_settings> settings_;
  hub_actor hub_;
  std::string channel_;
  const channel_options* options_ = nullptr; // of settings_
  hooks::namespace_keeper_actor hook_;       // of its namespace; mostly nobody
  bool is_pattern_ = false;
  bool is_observed_ = false;
  bool is_watched_ = false; // if a pattern: by all hubs
  std::vector<std::function<void(bool done)>> unwatched_; // answers due then
  std::uint64_t sequence_ = 0;               // of the last event
  std::uint64_t handled_ = 0;                // requests
  host::clock::time_point used_;
  timer deadline_;
  std::optional<history> history_; // from its first use
  bool is_stored_ = false;         // by the store as well
  bool is_open_ = true;            // it has been read if it is stored, or has come if it is elsewhere
  std::vector<std::function<void(bool open)>> before_open_; // requests that wait for that
  std::unique_ptr<stream_arrival> arrival_;     // of the stream, from another node
  bool is_closed_ = false;                      // it is about to end: its subscribers have been told
  adopter_actor leaves_to_;                     // then: whoever knows the node that its stream goes to; null: nowhere
  std::unique_ptr<stream_departure> departure_; // of the stream: nothing else happens here any more
  std::deque<unstored> unstored_;  // the first `storing_` are with the store
  std::size_t storing_ = 0;
  std::size_t asked_ = 0; // requests to the store that are not answered
  seen_keys keys_;
  std::uint64_t version_ = 0; // of the last publication that had one
  std::string version_epoch_;
  std::string version_stream_; // epoch of the stream it is in
  presence presence_;
  std::optional<residents> residents_; // from the start
  std::optional<fan_outs> fan_outs_; // likewise
  std::unordered_map<std::string, subscriber> subscribers_; // by connection ID
  std::unordered_map<caf::actor_id, portal> portals_;        // none without members
};

template <class Answer, class F>
bool channel_state::when_open(caf::typed_response_promise<Answer> promise, F act) {
  if (is_open_) return act(), false;
  if (before_open_.size() >= settings_->max_waiting) {
    promise.deliver(Answer{error_code::too_many_requests});
    return false;
  }
  before_open_.push_back([promise, act = std::move(act)](bool open) mutable {
    if (open) act();
    else promise.deliver(Answer{error_code::internal});
  });
  return true;
}

/// Spawned by its hub. `space` is of settings->names; events get numbers above `sequence`; `hook` hears
/// of subscriptions; `from` tells where its stream may be.
spawned_channel_actor::behavior_type channel(channel_state::pointer self,
                                             std::shared_ptr<const channel_settings> settings,
                                             hub_actor hub, std::string name,
                                             const namespaces::entry* space,
                                             std::uint64_t sequence,
                                             hooks::namespace_keeper_actor hook,
                                             const stream_source& from);

} // namespace troupe::centrifuge
