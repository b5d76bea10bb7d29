// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// COURIER: brings what happens to connections and channels into one order, writes it to the JOURNAL and delivers it
// to a webhook, in this order, again and again until the receiver has taken it. One delivery is under way at a time, so
// what concerns a user, or anything else, arrives in its order.
// Thread: its own, since it waits for the disk; spawn it detached. Owner: the server. Bounded by: shards and hubs
// send it one batch each until it has written what came before; event_order::bounds; event_options. Ends when: told to
// `finish`, once all is delivered, a delivery has failed, or finish::patience is over; what is left stays in the
// journal.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/centrifuge/event_order.hpp>
#include <troupe/centrifuge/event_sources.hpp>
#include <troupe/event_log.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/net/events/counters.hpp>
#include <troupe/net/events/event_text.hpp>
#include <troupe/net/events/journal.hpp>
#include <troupe/net/events/options.hpp>
#include <troupe/net/events/retry_schedule.hpp>
#include <troupe/net/web/client.hpp>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::net::events {

/// From the web client: what came of a delivery.
struct delivery_ended {
  web::outcome what;
};
/// From itself.
enum class alarm : std::uint8_t {
  retry, ///< A delivery may be tried again.
  write, ///< The disk may take events again.
  sync,  ///< What is written is due on the medium.
  leave, ///< It has been told to finish for long enough.
  order, ///< An event may have waited in vain for the one it follows.
};
struct alarm_rang {
  alarm what;
};
/// From the server: where deliveries go from now on, and what they are signed with.
struct change_receiver {
  std::string endpoint; ///< Valid, as in event_options.
  std::string secret;
  std::string previous_secret;
};
/// From the server, when nobody is left of whom anything could be told. An ordinary message, behind all others.
struct finish {
  std::chrono::milliseconds patience{2'000};
};

using courier_actor = caf::typed_actor<
  // From shards.
  caf::replies_to<connection_events>::with<noted>,
  // From hubs.
  caf::replies_to<troupe::centrifuge::channel_changes>::with<noted>,
  caf::reacts_to<delivery_ended>,
  caf::reacts_to<alarm_rang>,
  caf::reacts_to<change_receiver>,
  caf::reacts_to<finish>>;

struct courier_settings {
  event_options options; ///< Valid ones, with an endpoint.
  std::shared_ptr<journal> book;
  std::string node;      ///< Told in each delivery.
  troupe::centrifuge::event_sources sources; ///< That it observes.
  std::string run;       ///< Of this process; unique.
  /// As web::client::send().
  std::function<void(web::request, std::function<void(web::outcome)>)> send;
  std::shared_ptr<counters> figures = std::make_shared<counters>();
  event_log* log = &event_log::none(); ///< Outlives it.
  std::uint64_t seed = 0;              ///< Of the pauses between tries.
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

class courier_state {
public:
  static constexpr const char* name = "courier";
  using pointer = courier_actor::stateful_pointer<courier_state>;

  explicit courier_state(pointer self);

  courier_actor::behavior_type make_behavior(courier_settings settings);

private:
  using event_order = troupe::centrifuge::event_order;
  using answer = caf::typed_response_promise<noted>;
  // Events that the disk has not taken yet, and who waits for it.
  struct unwritten {
    std::vector<journal::entry> events;
    std::function<void()> done;
  };

  template <class Events>
  answer on_events(const Events& m);
  void on_alarm(const alarm_rang& m);
  void on_change(const change_receiver& m);
  void on_finish(const finish& m);
  void on_ended(const delivery_ended& m);

  /// Tells of the connections that were open when the server died.
  void report_lost();
  void number(const event_order::event& what, std::vector<journal::entry>& to);
  void keep_ordered(const std::vector<event_order::event>& events, std::function<void()> done = [] {});
  /// Has its sources synced if an event waits for it, and sees to it that none waits for too long.
  void see_to_order();
  void on_order_alarm();
  [[nodiscard]] bool is_told(const troupe::centrifuge::channel_change& what) const;
  /// Of the event that comes next.
  [[nodiscard]] event_number next_number() const;
  void keep(std::vector<journal::entry> events, std::function<void()> done);
  void write();
  void sync();
  void deliver();
  void on_failed(const std::string& why);
  void leave();
  void ring(alarm what, std::chrono::milliseconds in);
  void show();

  pointer self_;
  courier_settings settings_;
  std::optional<retry_schedule> retries_;
  event_order order_;
  bool order_alarm_set_ = false;
  std::deque<unwritten> unwritten_;
  std::uint64_t next_ = 0; // sequence, behind those that are not written yet
  bool write_fails_ = false;
  bool sync_pending_ = false;
  std::optional<std::uint64_t> under_way_; // sequence of the last event in the delivery
  std::chrono::steady_clock::time_point sent_;
  bool pausing_ = false;   // until it may try again
  std::size_t most_ = 0;   // events in a delivery: fewer after "too large"
  std::uint64_t lost_ = 0; // of the journal's, as told last
  bool finishing_ = false;
  bool about_connections_ = true;
  bool about_channels_ = true;
  bool about_members_ = true;
};

/// Spawn with `system.spawn<caf::detached>(courier, settings)`, then have it observe.
courier_actor::behavior_type courier(courier_state::pointer self, courier_settings settings);

} // namespace troupe::net::events

CAF_BEGIN_TYPE_ID_BLOCK(troupe_events, 32000)
  CAF_ADD_TYPE_ID(troupe_events, (troupe::net::events::delivery_ended))
  CAF_ADD_TYPE_ID(troupe_events, (troupe::net::events::alarm_rang))
  CAF_ADD_TYPE_ID(troupe_events, (troupe::net::events::finish))
  CAF_ADD_TYPE_ID(troupe_events, (troupe::net::events::change_receiver))
CAF_END_TYPE_ID_BLOCK(troupe_events)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::events::delivery_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::events::alarm_rang)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::events::finish)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::events::change_receiver)
