// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// EVENT ORDER: shards and hubs tell each in their order; here all that they tell gets one. What has come is sorted by
// its time once all sources have told what they could when it came: for that its owner has them synced. Then what
// belongs to a connection keeps its order, whatever the times say: its up, what it does in channels, its down. What
// comes too early for that waits, and behind it what comes later of the same channel, or of the same user.
// Thread: one, that of its owner: a KEEPER of an observer, or the COURIER. Bounded by: event_order::bounds; what has
// waited for too long goes on.
#pragma once
#include <troupe/centrifuge/channel_lifecycle.hpp>
#include <troupe/lifecycle.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace troupe::centrifuge {

class event_order {
public:
  using event = std::variant<connection_event, channel_change>;
  using events = std::vector<event>;
  using time_point = std::chrono::steady_clock::time_point;

  struct bounds {
    std::size_t max_waiting = 65'536;          ///< Events; one more, and all go on.
    std::chrono::milliseconds patience{5'000}; ///< Of one event.
  };

  explicit event_order(bounds limits) : limits_(limits) {}

  /// @param from connection_events or channel_changes.
  /// @returns what goes on now; nothing, unless there is too much of it.
  template <class Batch>
  events add(const Batch& from, time_point now) {
    for (std::size_t i = 0; i < from.events.size(); ++i)
      unsorted_.push_back({from.events[i], i < from.times.size() ? from.times[i] : time_point{}, now});
    return waiting() > limits_.max_waiting ? release() : events{};
  }

  /// Whether events wait for the sources to be synced, and they are not being synced. Then they are to be:
  /// begin_sync(), event_sources::sync(), end_sync().
  [[nodiscard]] bool wants_sync() const noexcept { return !is_syncing_ && !(unsorted_.empty() && in_doubt_.empty()); }
  void begin_sync();
  /// @returns what goes on now: of what had come before begin_sync(), and of what happened before that.
  events end_sync();

  /// @returns what has waited for longer than the patience, with what waited behind it.
  events expire(time_point now) { return release_before(now - limits_.patience); }
  /// @returns all that waits.
  events release() { return release_before(time_point::max()); }

  [[nodiscard]] std::size_t waiting() const noexcept { return unsorted_.size() + in_lanes_; }

private:
  struct arrival {
    event what;
    time_point at; // that it happened
    time_point came;
  };
  struct entry {
    event what;
    time_point came;
  };
  // Events of one channel or one user, the first of which has to wait.
  struct lane {
    std::deque<entry> entries;
    std::size_t lefts = 0; // of these
    std::optional<client_id> awaits; // then it is listed in blocked_
  };
  struct doubt {
    std::string lane;
    client_id awaited;
  };
  enum class force : bool { no, yes };

  [[nodiscard]] static std::string lane_of(const event& what);
  /// Whom an event waits for; nothing: for nobody. @param next The one that comes after channel_occupied.
  [[nodiscard]] std::optional<client_id> awaited_by(const event& what, const event* next) const;
  [[nodiscard]] std::optional<client_id> awaited_by(const lane& in) const;
  [[nodiscard]] bool is_in_doubt(const doubt& it) const;
  /// Lets what happened until `latest` go on, sorted.
  void sort(time_point latest, events& out);
  /// Lets an event go on, or puts it in its lane.
  void enter(event what, time_point came, events& out);
  /// Lets what is first in a lane go on, and what follows.
  void run(const std::string& name, force first, events& out);
  void run_woken(events& out);
  void run_anyway(const std::string& name, events& out);
  /// Puts a lane on hold.
  void block(const std::string& name, lane& in, const client_id& by, events& out);
  void pass(event what, events& out);
  void wake(const client_id& who);
  void leave(const client_id& who, const std::string& channel);
  void leave_all(const std::string& channel);
  /// Lets the up of a client that lefts wait for go on, before the downs of its user: one of these may wait for a left.
  void hurry(const client_id& who, events& out);
  events release_before(time_point latest);

  bounds limits_;
  std::vector<arrival> unsorted_;
  time_point sync_until_{};
  bool is_syncing_ = false;
  std::unordered_map<std::string, lane> lanes_;
  std::size_t in_lanes_ = 0;
  std::unordered_set<client_id> up_;
  std::unordered_map<client_id, std::string> coming_up_;   // the lanes where their ups wait
  std::unordered_map<client_id, std::vector<std::string>> members_; // channels that they have joined, and not left
  std::unordered_map<client_id, std::vector<std::string>> blocked_; // lanes, by whom they wait for
  // Those that wait for an up that has not come; and the same when the sync began, after which it will not come.
  std::vector<doubt> in_doubt_, doubted_;
  std::deque<std::string> woken_; // lanes
};

} // namespace troupe::centrifuge
