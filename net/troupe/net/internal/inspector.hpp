// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// INSPECTOR: answers the requests to the administration port that read every actor's meters:
// /metrics and /debug/*.json.
// Thread: its own: what it does takes too long for a loop and must not hold up CAF's workers. Owner: the
// server. Bounded by: one request for each HTTP connection, max_page rows in an answer. Ends when: it is
// told to exit.
#pragma once
#include <troupe/inspect/observatory.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/net/internal/metrics.hpp>
#include <troupe/net/internal/router.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <string>

namespace troupe::net {

/// `respond` is called once, on the inspector's thread.
struct answer_inspection {
  std::string target;
  std::function<void(decision)> respond;
};

using inspector_actor = caf::typed_actor<caf::reacts_to<answer_inspection>>;

struct inspector_settings {
  inspection::observatory observatory;
  ledger_actor ledger;
  std::function<server_facts()> facts; ///< Called on any thread.
};

inline constexpr std::string_view metrics_path = "/metrics";
/// Paths it answers.
inline constexpr std::string_view inspected_paths[] = {
  metrics_path,         "/debug/connections.json", "/debug/channels.json",
  "/debug/actors.json", "/debug/loops.json",       "/debug/closed.json"};

class inspector_state {
public:
  static constexpr const char* name = "inspector";
  using pointer = inspector_actor::stateful_pointer<inspector_state>;

  explicit inspector_state(pointer self) : self_(self) {}

  inspector_actor::behavior_type make_behavior(inspector_settings settings);

private:
  void on_request(const answer_inspection& m);
  void ask_ledger(const answer_inspection& m);

  pointer self_;
  inspector_settings settings_;
};

/// Spawn with system.spawn<caf::detached>(inspector, settings).
inspector_actor::behavior_type inspector(inspector_state::pointer self, inspector_settings settings);

} // namespace troupe::net

CAF_BEGIN_TYPE_ID_BLOCK(troupe_inspector, 31000)
  CAF_ADD_TYPE_ID(troupe_inspector, (troupe::net::answer_inspection))
CAF_END_TYPE_ID_BLOCK(troupe_inspector)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::answer_inspection)
