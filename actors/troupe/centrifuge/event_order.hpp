// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// EVENT ORDER: shards and hubs tell each in their order, but there is none between them. Here what belongs to a
// connection gets one: its up, then what it does in channels, then its down. What comes too early waits for what
// belongs before it, and behind it what comes later of the same channel, or of the same user on the same shard. A
// down waits, too, until the hubs have told all they could when it came: for that its owner has them synced.
// Thread: one, that of its owner: a KEEPER of an observer, or the COURIER. Bounded by: event_order::bounds; what has
// waited for too long goes on.
#pragma once
#include <troupe/centrifuge/channel_lifecycle.hpp>
#include <troupe/lifecycle.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
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
  using time_point = std::chrono::steady_clock::time_point;

  struct bounds {
    std::size_t max_waiting = 65'536;          ///< Events; one more, and all go on.
    std::chrono::milliseconds patience{5'000}; ///< Of one event.
  };

  explicit event_order(bounds limits) : limits_(limits) {}

  /// @returns what goes on now that `what` has come: maybe it, maybe others that have waited for it.
  std::vector<event> add(event what, time_point now);
  /// @returns what has waited for longer than the patience, with what waited behind it.
  std::vector<event> expire(time_point now);
  /// @returns all that waits.
  std::vector<event> release();

  /// Whether a down waits for the hubs, and they are not being synced. Then they are to be: begin_sync(),
  /// channels::sync(), end_sync().
  [[nodiscard]] bool wants_sync() const noexcept { return wanted_ > begun_ && begun_ == synced_; }
  void begin_sync() noexcept { ++begun_; }
  /// @returns what has waited for it.
  std::vector<event> end_sync();

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

private:
  struct entry {
    event what;
    time_point came;
    std::uint64_t sync = 0; // that it waits for
  };
  // Events of one channel or one user, the first of which has to wait.
  struct lane {
    std::deque<entry> entries;
    bool blocked = false; // listed in blocked_ or unsynced_
  };
  enum class force : bool { no, yes };

  [[nodiscard]] static std::string lane_of(const event& what);
  /// Whom an event waits for; nothing: for nobody. @param next The one that comes after channel_occupied.
  [[nodiscard]] std::optional<client_id> awaited_by(const event& what, const event* next) const;
  [[nodiscard]] std::optional<client_id> awaited_by(const lane& in) const;
  void run(const std::string& name, force first, std::vector<event>& out);
  void run_woken(std::vector<event>& out);
  /// Lets the first event of a lane go on.
  void pass(event what, std::vector<event>& out);
  void wake(const client_id& who);
  std::vector<event> release_before(time_point latest);

  bounds limits_;
  std::unordered_map<std::string, lane> lanes_;
  std::unordered_set<client_id> up_;
  std::unordered_map<client_id, std::size_t> members_; // channels that they have joined, and not left
  std::unordered_map<client_id, std::vector<std::string>> blocked_; // lanes, by whom they wait for
  std::vector<std::string> unsynced_;                               // lanes
  std::vector<std::string> woken_;                                  // lanes
  std::uint64_t wanted_ = 0, begun_ = 0, synced_ = 0;               // syncs
  std::size_t waiting_ = 0;
};

} // namespace troupe::centrifuge
