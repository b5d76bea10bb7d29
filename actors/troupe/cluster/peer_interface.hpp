// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What the actors of a node ask, and tell, another node: of the PEER that stands for it here.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/messages.hpp>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::cluster {

struct packet;

/// A request of the server API that each node answers about itself.
struct node_call {
  std::string method;
  std::string body;
};
/// The body of its answer; empty: none came.
struct node_answer {
  std::string body;
};

/// From the engine: something came from that node, in the order in which it was sent.
struct packet_arrived {
  std::shared_ptr<packet> what; ///< Not shared any more.
};
/// From the engine, time and again: what is overdue fails, and what was lost is found out.
struct peer_tick {};

/// From the engine: as of this, the sending node has given the other one all streams that belong there.
struct handed_over {
  bool you_own = false; ///< The receiver was an owner then, as far as the sender knew.
  bool i_leave = false; ///< And the sender was leaving.

  bool operator==(const handed_over&) const = default;
};

/// PEER: another node, on this one. Knows channels as hubs do, those that belong to it; is the portal of its subscribers.
using peer_actor = centrifuge::channel_actor::extend<
  // From channels: for subscribers there.
  caf::replies_to<centrifuge::fan_out_event>::with<fanned_out>,
  caf::reacts_to<centrifuge::close_elsewhere>,
  // From channels, for a pattern there.
  caf::replies_to<centrifuge::publish_match>::with<fanned_out>,
  // From the engine.
  caf::replies_to<centrifuge::watch_pattern>::with<centrifuge::watching>,
  caf::reacts_to<relay>,
  caf::replies_to<confirm_fan_out>::with<receipt>,
  caf::replies_to<change_membership>::with<receipt>,
  caf::replies_to<close_connections>::with<receipt>,
  caf::replies_to<node_call>::with<node_answer>,
  caf::reacts_to<handed_over>,
  // From hubs, of mirrors that have ended.
  caf::reacts_to<centrifuge::abandon_channel>,
  // From a channel that has come here, or goes there.
  caf::replies_to<centrifuge::want_stream>::with<centrifuge::stream_sought>,
  caf::replies_to<centrifuge::adopt_stream>::with<centrifuge::stream_adopted>,
  // From the engine, about what that node says.
  caf::reacts_to<packet_arrived>,
  caf::reacts_to<peer_tick>>;

/// The server API of a node, for other nodes.
using node_api_actor = caf::typed_actor<caf::replies_to<node_call>::with<node_answer>>;

} // namespace troupe::cluster
