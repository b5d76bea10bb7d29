// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// OBSERVER KEEPER: hears of all connections and channels and tells its actor, fact by fact, the next one when
// this one is handled. A slow actor holds up nobody but itself, since shards and hubs send the next batch when it
// has dealt with the last one; one that fails costs the fact that it failed over.
// Thread: its loop. Owner: the DIRECTORY spawns it, the server ends it. Bounded by: one batch of each shard and
// each hub, and those of event_order. Ends when: told to exit, after its actor, which is told what came before for
// a second at most.
#pragma once
#include <troupe/centrifuge/event_order.hpp>
#include <troupe/centrifuge/event_sources.hpp>
#include <troupe/hooks/keeper.hpp>
#include <troupe/hooks/observer_messages.hpp>
#include <troupe/hosted.hpp>

#include <caf/typed_response_promise.hpp>

#include <deque>
#include <optional>
#include <variant>
#include <vector>

namespace troupe::hooks {

class observer_keeper_state {
public:
  static constexpr const char* name = "observer_keeper";
  using pointer = hosted_pointer<observer_keeper_actor, observer_keeper_state>;
  using settings = keeper<observer_actor, pointer>::settings;

  explicit observer_keeper_state(pointer self);

  observer_keeper_actor::behavior_type make_behavior(settings with);

private:
  using answer = caf::typed_response_promise<noted>;
  using ordered = std::vector<centrifuge::event_order::event>;

  template <class Batch>
  answer on_batch(const Batch& m, const missed& lost);
  void on_due();
  void on_last_call(const last_call& m);

  void queue(ordered events);
  /// Has its sources synced if an event waits for it, and sees to it that none waits for too long.
  void see_to_order();
  /// Tells the actor the next fact, unless it is busy with one.
  void go_on();
  struct teller; // of facts, by their kind
  template <class Fact>
  void tell(const Fact& m);
  void on_told(std::optional<failure> why);

  pointer self_;
  timer timer_;
  centrifuge::event_sources sources_;
  keeper<observer_actor, pointer> kept_;
  centrifuge::event_order order_;
  std::deque<std::variant<missed, centrifuge::event_order::event>> facts_; // for the actor
  std::vector<answer> owed_; // to those whose batches are among these
  bool is_telling_ = false;
  bool gave_up_ = false;
  std::optional<caf::error> ending_;
  host::clock::time_point ends_by_{};
};

/// Spawn with spawn_on(host, observer_keeper, settings), then have it observe.
observer_keeper_actor::behavior_type observer_keeper(observer_keeper_state::pointer self,
                                                     observer_keeper_state::settings with);

} // namespace troupe::hooks
