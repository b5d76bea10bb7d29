// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Every actor's interface: the architecture in one file.
#pragma once
#include <troupe/messages.hpp>

#include <caf/typed_actor.hpp>

namespace troupe {

namespace centrifuge { // in centrifuge/channel_messages.hpp
struct fan_out_event;
struct change_channel_members;
} // namespace centrifuge

/// CONNECTION: one WebSocket connection. Lives on its socket's loop; ends with a close_reason.
using connection_actor = caf::typed_actor<
  // A delivery for its outbox; the policy decides when it is full.
  caf::reacts_to<deliver>,
  // As deliver, with an answer.
  caf::replies_to<confirm_deliver>::with<outcome>,
  // From its transport.
  caf::reacts_to<received>,
  caf::reacts_to<pong_received>,
  caf::reacts_to<transport_closed>,
  // From the registry: an earlier submit is dealt with.
  caf::reacts_to<credit>,
  // Closes it; the first status counts.
  caf::reacts_to<close_connection>,
  // From its shard, for whoever asked it.
  caf::replies_to<describe>::with<connection_details>,
  caf::replies_to<limit_queue>::with<connection_details>,
  // From the timing wheel.
  caf::reacts_to<deadline_passed>>;

/// SHARD: the connections of one loop. Monitors each; a down message is the only way out of it.
using shard_actor = caf::typed_actor<
  // From a connection, which is the sender: the shard holds it from the answer on.
  caf::replies_to<join>::with<joined>,
  // From a connection that joined with announcement::on_introduction.
  caf::reacts_to<introduce>,
  // From the registry.
  caf::reacts_to<fan_out>,
  caf::replies_to<confirm_fan_out>::with<receipt>,
  caf::replies_to<change_membership>::with<receipt>,
  caf::replies_to<close_connections>::with<receipt>,
  caf::reacts_to<drain>,
  caf::replies_to<observe>::with<receipt>,
  caf::replies_to<unobserve>::with<receipt>,
  caf::replies_to<sync_connections>::with<noted>,
  // From anyone.
  caf::replies_to<list_sets>::with<listed_sets>,
  caf::replies_to<list_connections>::with<listed_connections>,
  caf::replies_to<describe_connection>::with<connection_details>,
  caf::replies_to<limit_connection>::with<connection_details>,
  // From channels.
  caf::replies_to<centrifuge::fan_out_event>::with<fanned_out>,
  caf::reacts_to<centrifuge::change_channel_members>,
  // From itself.
  caf::reacts_to<go_on>>;

/// OTHER NODES, as the registry sees them: what it fans out here goes there, too.
using other_nodes_actor = caf::typed_actor<
  caf::reacts_to<relay>,
  caf::replies_to<confirm_fan_out>::with<receipt>,
  caf::replies_to<change_membership>::with<receipt>,
  caf::replies_to<close_connections>::with<receipt>>;

/// REGISTRY: the one address for whoever wants to reach connections. Forwards to the shards.
using registry_actor = caf::typed_actor<
  // From anyone.
  caf::reacts_to<broadcast>,
  caf::replies_to<confirm_broadcast>::with<receipt>,
  caf::replies_to<change_membership>::with<receipt>,
  caf::replies_to<close_connections>::with<receipt>,
  caf::reacts_to<drain>,
  caf::replies_to<observe>::with<receipt>,
  caf::replies_to<unobserve>::with<receipt>,
  caf::replies_to<sync_connections>::with<noted>,
  // From the server, for threads that are no actors.
  caf::reacts_to<admitted>,
  // From connections.
  caf::reacts_to<submit>,
  // From shards.
  caf::reacts_to<fanned_out>,
  // From itself: fans out what came meanwhile.
  caf::reacts_to<go_on>>;

/// LEDGER: the last connections that ended, and why. An observer; runs on CAF's scheduler.
using ledger_actor = caf::typed_actor<
  // From shards.
  caf::replies_to<connection_events>::with<noted>,
  // From anyone.
  caf::replies_to<find_closed>::with<closed_page>,
  caf::replies_to<count_closed>::with<closed_counts>>;

} // namespace troupe
