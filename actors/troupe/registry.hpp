// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// REGISTRY: the address through which everyone reaches connections. Forwards to the shards; while they
// work, it gathers what comes and joins neighbours with the same target into one delivery.
// Thread: loop 0. Owner: the server. Bounded by: a SEND BUDGET for broadcasts, the connections' read
// windows for submits. Ends when: drained, after its last shard.
#pragma once
#include <troupe/event_log.hpp>
#include <troupe/hosted.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/send_budget.hpp>

#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace troupe {

struct registry_options {
  event_log* log = &event_log::none();
  std::size_t max_pending_bytes = 64 * 1024 * 1024; ///< Of broadcasts not fanned out; more are refused.
  std::shared_ptr<send_budget> budget = {}; ///< Shared with those who send `admitted`; null: one of its own.
  std::size_t max_joined_bytes = 64 * 1024;         ///< Of one joined delivery.
  std::uint64_t window = 2;                         ///< Fan-outs a shard may have unacknowledged.
  other_nodes_actor others = {};                    ///< Null: there are none.
  std::shared_ptr<send_budget> relay_budget = {};   ///< Of what is on its way to them; not null if there are.
};

class registry_state {
public:
  static constexpr const char* name = "registry";
  using pointer = hosted_pointer<registry_actor, registry_state>;

  explicit registry_state(pointer self);

  registry_actor::behavior_type make_behavior(std::vector<shard_actor> shards,
                                              const registry_options& options);

private:
  struct member {
    shard_actor who;
    std::uint64_t acknowledged = 0; // number of the last fan-out it has finished
  };
  struct owed_credit {
    caf::strong_actor_ptr to;
    std::size_t bytes;
  };
  struct owed_after {
    std::uint64_t number; // of the fan-out that carried the messages
    std::vector<owed_credit> credits;
  };

  void on_broadcast(const broadcast& m);
  void on_admitted(const admitted& m);
  void on_submit(const submit& m);
  caf::typed_response_promise<noted> on_sync(const sync_connections& m);
  caf::typed_response_promise<receipt> on_confirm(const confirm_broadcast& m);
  void on_fanned_out(const fanned_out& m);
  void on_go_on(const go_on& m);
  void on_down(const caf::down_msg& m);
  void on_drain(const drain& m);

  void stage(const broadcast& m, delivery::clock::time_point born);
  /// Sends what is pending, joined, if the window allows.
  void flush();
  void send_pending();
  [[nodiscard]] std::uint64_t slowest() const noexcept;
  void settle();
  /// Asks every shard, behind all that is pending, and sums up the answers.
  /// @param held Bytes to give back when all have answered.
  /// @param here_only Other nodes are not asked.
  template <class Message>
  caf::typed_response_promise<receipt> ask_shards(const Message& m, bool here_only, std::size_t held = 0);
  /// Hands what is pending to other nodes. What there is no room for is lost, and counted.
  void send_relayed();
  /// Counts what other threads were refused.
  void count_refusals();

  pointer self_;
  registry_options options_;
  std::vector<member> shards_;
  std::vector<delivery_ptr> pending_;
  std::vector<delivery_ptr> relayed_; // those of them that are for other nodes, too
  std::vector<owed_credit> pending_credits_;
  std::shared_ptr<send_budget> budget_;
  std::size_t pending_bytes_ = 0; // of the budget
  std::deque<owed_after> owed_;
  std::uint64_t sent_ = 0; // number of the last fan-out
  bool flushing_ = false;  // a go_on is in the mailbox
};

/// Spawn with spawn_on(host, registry, shards, options).
registry_actor::behavior_type registry(registry_state::pointer self,
                                       std::vector<shard_actor> shards, registry_options options);

} // namespace troupe
