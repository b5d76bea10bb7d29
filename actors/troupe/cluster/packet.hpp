// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// PACKET: what one node sends another. Packets of one node to another arrive in order, or not at all: their numbers tell.
// How they are written is the link's affair.
#pragma once
#include <troupe/cluster/peer_interface.hpp>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::cluster {

/// Makes sessions known, and finds out whether anything was lost. It has no number of its own, but that of the last one.
struct greeting {
  std::string name; ///< Of the sender, for people.
  std::string version;
  bool is_new = false; ///< The sender did not know the receiver, or took it for gone.
};

/// A question could not be answered.
struct no_answer {};

/// Something of a newer version than this one's: nobody answers, and nothing else is lost for it.
struct unheard_of {};

/// What happened in a channel of the sender's, for subscribers of the receiver's.
struct distant_event {
  std::string channel;
  centrifuge::channel_event::kind what = centrifuge::channel_event::kind::published;
  centrifuge::publication_ptr publication; ///< Of published; else null.
  centrifuge::event_origin origin;         ///< Without exclude_at: the receiver's.
  centrifuge::unsubscribe_code why = centrifuge::unsubscribe_code::insufficient_state; ///< Of lost.
};

/// What is published in a channel of the sender's, for a pattern of the receiver's.
struct distant_match {
  std::string pattern;
  std::string channel;
  centrifuge::publication_ptr publication;
  std::string key;
};

/// A pattern of the sender's is to get what is published in channels of the receiver's, or no longer.
struct distant_watch {
  std::string pattern;
  centrifuge::watch_pattern::action what = centrifuge::watch_pattern::action::begin;
};

/// Messages to connections of the receiver's.
struct distant_broadcasts {
  std::vector<broadcast> what;
};
struct distant_confirm {
  broadcast what;
};

using content = std::variant<
  greeting, no_answer, unheard_of,
  // Questions, each with its answer. `via` and the answers' shapes are the peer's affair.
  centrifuge::subscribe_channel, centrifuge::subscribe_answered, centrifuge::unsubscribe_channel, centrifuge::unsubscribed,
  centrifuge::publish_channel, centrifuge::publish_answered, centrifuge::get_presence, centrifuge::presence_answered,
  centrifuge::get_presence_stats, centrifuge::presence_stats_answered, centrifuge::get_history,
  centrifuge::history_answered, centrifuge::remove_history, centrifuge::remove_history_answered,
  centrifuge::adopt_stream, centrifuge::stream_adopted, centrifuge::want_stream, centrifuge::stream_sought,
  distant_watch, centrifuge::watching, distant_confirm, change_membership, close_connections, receipt,
  node_call, node_answer,
  // Nobody answers these.
  distant_event, distant_match, distant_broadcasts, centrifuge::close_elsewhere, handed_over,
  centrifuge::abandon_channel>;

struct packet {
  std::string from;           ///< UID of the node.
  std::uint64_t session = 0;  ///< Of the sender with this receiver; never 0.
  std::uint64_t heard = 0;    ///< The receiver's session, as the sender knows it; 0: not yet.
  std::uint64_t number = 0;   ///< In the session, from 1 up without a gap.
  std::uint64_t question = 0; ///< Number of a question, or of that which it answers; 0: neither.
  content what;
  std::shared_ptr<const void> room{}; ///< What it takes of a budget, until it goes.
};

/// A node to all: I am here.
struct beat {
  std::string from;
  std::string name;
  std::string version;
  bool leaving = false; ///< It is no owner any more, and will be gone soon.
  bool gone = false;    ///< This is the last that is heard of it.
  bool joining = false; ///< It is no owner yet.
};

// -- the link ---------------------------------------------------------------------------------------

/// To the link: sends it to one node. Whoever sends it has taken `bytes` from link_settings' budget; the link gives them
/// back once the broker's library has it, or it is lost.
struct transmit {
  std::string to;
  std::shared_ptr<const packet> what;
  std::size_t bytes = 0;
};
/// To the link: sends it to all nodes.
struct announce_node {
  beat what;
};

/// LINK: the way to the broker. Tells the engine what comes, in order: packet_came, beat_came, link_changed. What is sent
/// while the broker cannot be reached is lost.
using link_actor = caf::typed_actor<caf::reacts_to<transmit>, caf::reacts_to<announce_node>>;

/// Link to engine.
struct packet_came {
  std::shared_ptr<packet> what;
};
struct beat_came {
  beat what;
};
struct link_changed {
  bool connected = false;
};

/// About how many bytes a packet takes, for budgets.
[[nodiscard]] std::size_t bytes_of(const content& what) noexcept;

} // namespace troupe::cluster

CAF_BEGIN_TYPE_ID_BLOCK(troupe_cluster, 29700)
  CAF_ADD_TYPE_ID(troupe_cluster, (troupe::cluster::node_call))
  CAF_ADD_TYPE_ID(troupe_cluster, (troupe::cluster::node_answer))
  CAF_ADD_TYPE_ID(troupe_cluster, (troupe::cluster::packet_arrived))
  CAF_ADD_TYPE_ID(troupe_cluster, (troupe::cluster::peer_tick))
  CAF_ADD_TYPE_ID(troupe_cluster, (troupe::cluster::transmit))
  CAF_ADD_TYPE_ID(troupe_cluster, (troupe::cluster::announce_node))
  CAF_ADD_TYPE_ID(troupe_cluster, (troupe::cluster::packet_came))
  CAF_ADD_TYPE_ID(troupe_cluster, (troupe::cluster::beat_came))
  CAF_ADD_TYPE_ID(troupe_cluster, (troupe::cluster::link_changed))
  CAF_ADD_TYPE_ID(troupe_cluster, (troupe::cluster::handed_over))
CAF_END_TYPE_ID_BLOCK(troupe_cluster)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::node_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::node_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::packet_arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::peer_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::transmit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::announce_node)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::packet_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::beat_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::link_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster::handed_over)
