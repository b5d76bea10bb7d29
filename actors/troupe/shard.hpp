// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SHARD: holds the connections of one loop by handle, ID and membership, and fans deliveries out to
// them in slices, so that a delivery to 100,000 connections does not hold the loop.
// Thread: its loop. Owner: the server spawns it; the REGISTRY monitors it. Bounded by: the registry
// sends no more than it gets acknowledged. Ends when: it drains and its last connection is down.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/event_log.hpp>
#include <troupe/hosted.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/lifecycle_log.hpp>
#include <troupe/membership_index.hpp>

#include <caf/result.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

namespace troupe::hooks {
class directory;
} // namespace troupe::hooks

namespace troupe {

struct shard_options {
  event_log* log = &event_log::none();
  std::uint32_t slice = 256; ///< Connections visited before these, and other messages, get their turn; fewer at first.
  lifecycle_log::bounds observers = {};
  std::shared_ptr<const hooks::directory> extensions = {}; ///< For users' actors; null: there are none.
};

class shard_state {
public:
  static constexpr const char* name = "shard";
  using pointer = hosted_pointer<shard_actor, shard_state>;

  explicit shard_state(pointer self);

  shard_actor::behavior_type make_behavior(const shard_options& options);

private:
  struct slot {
    connection_actor who; // empty: a hole
    connection_profile_ptr profile;
    host::clock::time_point joined{};
    hosted_job* lives = nullptr; // `who`; null if it is not hosted
    std::uint16_t generation = 0;
    bool plain = false; // whether speaks_plainly(); beside what a walk reads anyway
    bool up = false;
    membership_index::memberships in;
  };
  // A receipt that fills up as connections answer; `visited` once all were asked.
  struct open_receipt {
    receipt so_far;
    caf::typed_response_promise<receipt> promise;
    bool visited = false;
  };
  // A delivery or an event of a channel on its way through the slots.
  struct job {
    delivery_ptr what;
    std::shared_ptr<const glob> groups = {}; // for target::kind::groups
    centrifuge::channel_event_ptr event = {};
    std::uint32_t cursor = 0;
    std::shared_ptr<open_receipt> confirmed = {};
    caf::strong_actor_ptr told = {}; // with the last job of a fan_out: who sent it
    std::uint64_t number = 0;        // of that
    caf::typed_response_promise<fanned_out> done = {}; // pending for an event
    std::function<void()> act = {}; // instead of a delivery: what must not overtake those before it
  };

  joined on_join(const join& m);
  void on_introduce(const introduce& m);
  void come_up(slot& who, std::chrono::system_clock::time_point when);
  void on_down(const caf::down_msg& m);
  void on_fan_out(const fan_out& m);
  caf::typed_response_promise<receipt> on_confirm(const confirm_fan_out& m);
  /// Answers with `act()` once all earlier deliveries are handed over.
  template <class Answer>
  caf::typed_response_promise<Answer> in_turn(std::function<Answer()> act);
  caf::typed_response_promise<fanned_out> on_event(const centrifuge::fan_out_event& m);
  void on_channel_members(const centrifuge::change_channel_members& m);
  void change(const centrifuge::change_channel_members& m);
  receipt change(const change_membership& m);
  receipt close(const close_connections& m);
  // -- shard_lists.cpp ---
  [[nodiscard]] listed_sets list(const list_sets& m) const;
  [[nodiscard]] listed_connections list(const list_connections& m) const;
  [[nodiscard]] bool fits(const slot& s, const list_connections& m) const;
  [[nodiscard]] listed_connection describe(const slot& s) const;
  [[nodiscard]] std::chrono::seconds age(const slot& s) const;
  [[nodiscard]] std::chrono::seconds idle(const slot& s) const; ///< With TROUPE_METERS=OFF its age.
  /// Has a connection answer for the shard.
  template <class Question>
  caf::result<connection_details> pass_on(const client_id& whom, Question what);
  void start_drain(const drain& m);

  receipt start_observing(const observe& m);
  receipt stop_observing(const unobserve& m);
  caf::typed_response_promise<noted> on_sync(const sync_connections& m);
  void report(connection_event event);
  /// Tells the user of a connection, if it has an actor, that the connection is its.
  void enter_user(const slot& s);
  /// Likewise that it is not any more.
  void leave_user(const connection_profile_ptr& who, const close_record& how);
  void send_reports();

  void go_on_soon();
  void on_go_on(const go_on& m);
  void work();
  /// Delivers to at most `budget` positions. @returns true when the job is through.
  /// @param alone Whether nothing was in line with it.
  bool advance(job& j, std::uint32_t& budget, bool alone);
  void hand_over(job& j, std::uint32_t at);
  void finish(job& j);
  void forget_channel(const std::string& channel);
  void drain_some(std::uint32_t budget);
  [[nodiscard]] close_status farewell(const client_id& id) const;
  void end_if_drained();

  [[nodiscard]] const membership_index::members* members_of(const target& to) const;
  /// Whether a slot is in a group whose name fits.
  [[nodiscard]] static bool is_in(const slot& s, const glob& groups);
  [[nodiscard]] static std::shared_ptr<const glob> groups_of(const target& to);
  /// Whether a handle names the tenant of a slot.
  [[nodiscard]] bool is_at(const connection_handle& who, std::uint32_t at) const;
  /// Calls `visit(slot number)` for every connection of `to`.
  template <class F>
  void for_each(const target& to, F visit);

  pointer self_;
  shard_options options_;
  stable_list<slot> slots_;
  std::uint16_t last_generation_ = 0;
  std::unordered_map<client_id, std::uint32_t> by_id_;
  std::unordered_map<caf::actor_id, std::uint32_t> by_actor_;
  membership_index index_;
  lifecycle_log events_;
  std::size_t up_ = 0; // connections that are
  std::deque<job> jobs_;
  bool going_on_ = false; // a go_on is in the mailbox
  bool together_ = false; // there were several jobs, and are some left
  bool began_ = false;    // one that got a head start: what the first connections queued is not sent yet
  // Draining.
  bool draining_ = false;
  std::size_t drain_rate_ = 0;
  std::chrono::milliseconds retry_window_{0};
  std::uint32_t drain_cursor_ = 0;
  host::clock::time_point drain_began_{};
  std::size_t drained_ = 0;
  timer drain_timer_;
};

/// Spawn with spawn_on(host, shard, options).
shard_actor::behavior_type shard(shard_state::pointer self, shard_options options);

} // namespace troupe
