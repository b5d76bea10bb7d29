// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Every message around channels: between a CLIENT (a connection that speaks the Centrifuge protocol),
// the HUB of a loop, its CHANNELS, and the shards that fan their events out.
#pragma once
#include <troupe/centrifuge/authentication.hpp>
#include <troupe/centrifuge/channel_lifecycle.hpp>
#include <troupe/centrifuge/codec.hpp>
#include <troupe/centrifuge/handover.hpp>
#include <troupe/centrifuge/history.hpp>
#include <troupe/centrifuge/orders.hpp>
#include <troupe/centrifuge/permissions.hpp>
#include <troupe/centrifuge/presence.hpp>
#include <troupe/centrifuge/reply.hpp>
#include <troupe/delivery.hpp>
#include <troupe/interfaces.hpp>

#include <caf/intrusive_ptr.hpp>
#include <caf/ref_counted.hpp>
#include <caf/typed_actor.hpp>

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::cluster {
class view;
} // namespace troupe::cluster

namespace troupe::centrifuge {

struct channel_options;
struct fan_out_event;
struct close_elsewhere;

/// PORTAL: stands for the subscribers of a channel that are on another node. Gets each event once, for all of them.
using portal_actor = caf::typed_actor<
  caf::replies_to<fan_out_event>::with<fanned_out>,
  caf::reacts_to<close_elsewhere>>;

// -- client (or in-process actor) to hub, hub to channel --------------------------------------------

/// Subscribes the sender, a client, which the caller has found to be allowed. What the channel
/// publishes after its answer reaches the client as `channel_happened`, with nothing lost or doubled
/// between the two.
struct subscribe_channel {
  std::string channel;
  connection_handle where;  ///< Of the client.
  client_info info;
  subscription_features features;
  option_overrides overrides; ///< Of the namespace's options, for this subscriber.
  encoding codec = encoding::json;
  bool delta = false;       ///< The client negotiated deltas.
  std::optional<stream_position> recover; ///< Last seen.
  bool reject_unrecovered = false;
  payload data;             ///< Of the client's request: for the namespace's hook.
  payload reply_data;       ///< For the subscriber, from that hook or its token.
  portal_actor via = {};    ///< The client is on another node, and this is the sender. Null: it is on this one.
};
/// `publications` in the result are renditions in the form the subscriber negotiated. The subscriber
/// stands where the last of them is, or at `position` if there are none.
using subscribe_answer = std::variant<subscribe_result, error_code>;

/// Ends a subscription; one that does not exist is no error.
struct unsubscribe_channel {
  std::string channel;
  std::string client; ///< Connection ID.
};
/// It has ended, and the members have been told if they are to be.
struct unsubscribed {};

/// Publishes in a channel. Answered when all subscribers' queues have it.
struct publish_channel {
  std::string channel;
  payload data;
  std::optional<client_info> info; ///< The publisher, if it is a client.
  tag_map tags;
  connection_handle exclude;       ///< Does not get it; nobody by default.
  std::string key;                 ///< For overflow::latest_per_key.
  bool skip_history = false;       ///< Reaches subscribers only, without an offset.
  bool delta = false;              ///< As a difference to those who can read it, as delta_publish.
  /// One that the channel has seen lately is answered as it was then and not published again.
  std::string idempotency_key{};
  /// Above 0 in a channel with history: not published unless it is above that of the publication
  /// before. Answered with the stream's position then.
  std::uint64_t version = 0;
  std::string version_epoch{};     ///< Versions of another epoch are not compared.
  portal_actor via{};              ///< It was published on another node: `exclude` is a connection there.
};
/// Where it is in the stream, or why it was not published: too_many_requests when too much is on its way already.
using publish_answer = std::variant<stream_position, error_code>;

/// Who is in a channel? not_available unless its options keep presence.
struct get_presence {
  std::string channel;
  bool relayed = false; ///< By another node: it may be passed on to a third one. So in those below.
};
using presence_answer = std::variant<presence_result, error_code>;
/// How many are? Likewise.
struct get_presence_stats {
  std::string channel;
  bool relayed = false;
};
using presence_stats_answer = std::variant<presence_stats_result, error_code>;
/// What has been published? not_available unless its options keep history.
struct get_history {
  std::string channel;
  history_query query;
  std::optional<std::size_t> most{}; ///< Instead of channel_settings::max_history_publications.
  bool relayed = false;
};
using history_answer = std::variant<history_page, error_code>;

/// Drops what is kept; epoch and offset go on.
struct remove_history {
  std::string channel;
  bool relayed = false;
};
struct history_removed {};
using remove_history_answer = std::variant<history_removed, error_code>;

// CAF 0.17 wants one type per message: the answers travel in these.
template <class Answer>
struct answered {
  Answer value;
};
struct subscribe_answered {
  subscribe_answer value;
  /// Events with a sequence up to this are of an earlier subscription: the subscriber drops them.
  std::uint64_t sequence = 0;
};
using publish_answered = answered<publish_answer>;
using presence_answered = answered<presence_answer>;
using presence_stats_answered = answered<presence_stats_answer>;
using history_answered = answered<history_answer>;
using remove_history_answered = answered<remove_history_answer>;

// -- channel to shard, shard to client --------------------------------------------------------------

inline constexpr std::size_t encoding_count = 2;
inline constexpr std::size_t form_count = 3; // of payload_form

/// What a portal needs to have an event happen elsewhere, beside what is in it.
struct event_origin {
  client_info member;              ///< Of joined and left.
  std::string key;                 ///< Of published, as the next two.
  bool delta = false;              ///< It is to be a difference to the publication before it.
  connection_handle exclude;       ///< On the node that `exclude_at` stands for.
  caf::actor_id exclude_at = 0;
};

/// Something that happened in a channel, encoded once for each kind of subscriber it has. Immutable
/// and shared, as a delivery is.
class channel_event final : public caf::ref_counted {
public:
  enum class kind : std::uint8_t {
    published,
    joined, ///< For subscriptions with join_leave.
    left,   ///< Likewise.
    lost,   ///< The channel ended, and so do all subscriptions, for `why`.
  };

  kind what = kind::published;
  std::uint64_t sequence = 0; ///< Rises from event to event of a channel's name, over failures too.
  std::string channel; ///< Or pattern.
  std::string origin;  ///< The channel it was published in, if `channel` is a pattern.
  publication_ptr publication; ///< Of `published`.
  connection_handle exclude;
  std::shared_ptr<const event_origin> origin_of; ///< Only if there are portals, or it came through one.
  /// Of `lost`: by the code, clients subscribe again or do not.
  unsubscribe_code why = unsubscribe_code::insufficient_state;
  /// By encoding, then payload_form. A publication without a delta goes to everyone in plain or in
  /// full; one with a delta has the full form as well, for subscribers that lack the publication
  /// before it. Joined and left are in plain for everyone. Null where the channel has no such
  /// subscriber or the payload cannot be written so (then disconnect_code::inappropriate_protocol
  /// is due). The name of a delivery's target is the channel's: a subscription that ends takes back
  /// what is still queued.
  std::array<std::array<delivery_ptr, form_count>, encoding_count> encoded;
};
using channel_event_ptr = caf::intrusive_ptr<const channel_event>;

/// Channel to shard: hand this to every client in your set membership::channel of that name; a lost
/// event empties the set. Answered with `fanned_out` of the event's sequence.
struct fan_out_event {
  channel_event_ptr event;
};

/// Channel to shard: put the connection at `where` into, or take it out of, the set of a channel.
/// Messages of one channel to one shard stay in order, so a subscriber sees what comes after.
struct change_channel_members {
  enum class action : std::uint8_t { add, remove };
  std::string channel;
  connection_handle where;
  action what = action::add;
};

/// Shard to client.
struct channel_happened {
  channel_event_ptr event;
};

// -- other nodes --------------------------------------------------------------------------------------

/// Closes a connection of the node that a portal stands for.
struct close_elsewhere {
  std::string client; ///< Connection ID.
  close_status status;
};

/// From the engine to all hubs: these are the nodes now. Answered when no channel is here any more that belongs to another,
/// and no stream on its way there.
struct view_changed {
  std::shared_ptr<const cluster::view> now;
  /// Others took this node for gone, and may have published in its channels: these end, and begin anew.
  bool renounce = false;
};
struct view_settled {};

/// Hub to the peer of a mirror's channel, that peer to the hub there, and it to the channel: nobody behind the sending peer is
/// subscribed any more.
struct abandon_channel {
  std::string channel;
};

/// Peer to the hub of a channel, hub to its mirror, each of which gives it away: it happened where the channel is. It is
/// not encoded and has no sequence yet.
struct happened_elsewhere {
  caf::intrusive_ptr<channel_event> event;
};

// -- channel and its hub ----------------------------------------------------------------------------

/// Channel to hub: nobody needs me. It is answered with `may_go` unless the hub has forwarded more
/// than the channel has handled.
struct channel_idle {
  std::string channel;
  std::uint64_t handled = 0; ///< Requests since the channel was spawned.
};
struct may_go {};

/// Keeper of a namespace to all hubs: the actor that has a say there is not started again. Subscriptions to its
/// channels end, with unsubscribe code 2000, and so do the channels.
struct hook_gave_up {};

/// From the server to all hubs, and from a hub to itself: namespaces were renewed. All channels find out, some at a time;
/// those that are asked for something do so anyway.
struct renew_channels {
  bool goes_on = false; ///< It has begun.
};
/// Hub to channel: these are the options of its namespace now. They outlive it.
struct renew_options {
  const channel_options* options;
};

// -- patterns -----------------------------------------------------------------------------------------
//
// A pattern is a channel of its own, with subscribers and nothing else. Its hub has all hubs know it;
// each looks up the patterns that match what is published in its channels.

/// Channel to the hub of a pattern that matches its name, hub to that pattern: your subscribers get
/// this. Answered when it is fanned out.
struct publish_match {
  std::string pattern;
  std::string channel;
  publication_ptr publication;
  connection_handle exclude;
  std::string key;
};

/// The hub of a pattern, for those that publish what matches.
using pattern_actor = caf::typed_actor<caf::replies_to<publish_match>::with<fanned_out>>;

struct watcher {
  std::string pattern;
  pattern_actor hub;
};

/// Hub to hub: what is published in your channels and matches is for this pattern from now on, or no
/// longer.
struct watch_pattern {
  enum class action : std::uint8_t { begin, end };
  watcher who;
  action what = action::begin;
};
struct watching {};

/// Hub to a pattern of its own: all hubs know it. It answers its subscribers only then.
struct pattern_watched {};

/// Hub to channel: publish it, and hand it to those.
struct publish_watched {
  publish_channel what;
  std::vector<watcher> watchers;
};

/// To a hub before all else: these are the hubs of the server. It filters itself out.
using watching_actor = caf::typed_actor<caf::replies_to<watch_pattern>::with<watching>>;
struct meet_hubs {
  std::vector<watching_actor> all;
};

// -- users ------------------------------------------------------------------------------------------

/// Client to roster: counts the sender among the connections of its user until it is down.
struct enlist {
  std::string user;
};
enum class admission : std::uint8_t { granted, refused };
struct enlisted {
  admission verdict = admission::granted;
};

/// ROSTER: how many connections each user has.
using roster_actor = caf::typed_actor<caf::replies_to<enlist>::with<enlisted>>;

// -- the actors -------------------------------------------------------------------------------------

/// What clients know of channels: each of these works on the channel it names.
using channel_actor = caf::typed_actor<
  caf::replies_to<subscribe_channel>::with<subscribe_answered>,
  caf::replies_to<unsubscribe_channel>::with<unsubscribed>,
  caf::replies_to<publish_channel>::with<publish_answered>,
  caf::replies_to<get_presence>::with<presence_answered>,
  caf::replies_to<get_presence_stats>::with<presence_stats_answered>,
  caf::replies_to<get_history>::with<history_answered>,
  caf::replies_to<remove_history>::with<remove_history_answered>>;

/// HUB: a loop's channels by name; forwards to the channel and spawns it on demand.
using hub_actor = channel_actor::extend<
  // From a channel of its own.
  caf::reacts_to<channel_idle>,
  // From the keeper of a namespace.
  caf::reacts_to<hook_gave_up>,
  // From the server.
  caf::reacts_to<renew_channels>,
  caf::reacts_to<channel_changed>,
  // From the engine, and from peers.
  caf::replies_to<view_changed>::with<view_settled>,
  caf::reacts_to<happened_elsewhere>,
  caf::replies_to<want_stream>::with<stream_sought>,
  // From peers, and from a channel of its own whose owner was to be another node.
  caf::replies_to<adopt_stream>::with<stream_adopted>,
  // From a channel of its own.
  caf::reacts_to<channel_outdated>,
  // From a peer.
  caf::reacts_to<abandon_channel>,
  // From anyone.
  caf::reacts_to<observe_channels>,
  caf::reacts_to<unobserve_channels>,
  caf::replies_to<sync_changes>::with<noted>,
  // From the server.
  caf::reacts_to<meet_hubs>,
  // From a hub, for a pattern.
  caf::replies_to<watch_pattern>::with<watching>,
  // From a channel, for a pattern of its own.
  caf::replies_to<publish_match>::with<fanned_out>>;

/// CHANNEL: one channel's options, history, presence and sequence; or its MIRROR, if it belongs to another node. Known to
/// its hub only.
using spawned_channel_actor = channel_actor::extend<
  // From its hub, in place of publish_channel.
  caf::replies_to<publish_watched>::with<publish_answered>,
  // From its hub, if it is a pattern.
  caf::replies_to<publish_match>::with<fanned_out>,
  caf::reacts_to<pattern_watched>,
  // From its hub, before all else: somebody observes.
  caf::reacts_to<tell_changes>,
  // From its hub: the end.
  caf::reacts_to<may_go>,
  caf::reacts_to<renew_options>,
  caf::reacts_to<abandon_channel>,
  // From its hub: the stream comes from another node, or goes to one.
  caf::replies_to<adopt_stream>::with<stream_adopted>,
  caf::reacts_to<give_away>,
  caf::reacts_to<depart>,
  // From its hub, if it is a mirror.
  caf::reacts_to<happened_elsewhere>,
  // From the timing wheel.
  caf::reacts_to<deadline_passed>>;

/// For one client, outside of all channels: it gets a push of type `message`. A client that is not up yet or
/// is closing gets nothing; one whose encoding cannot hold the payload is closed.
struct push_message {
  payload data;
};

/// CLIENT: a connection that speaks the Centrifuge protocol.
using client_actor = connection_actor::extend<
  caf::reacts_to<channel_happened>,
  // From the server API.
  caf::replies_to<grant_subscription>::with<carried_out>,
  caf::replies_to<revoke_subscription>::with<carried_out>,
  caf::replies_to<renew_connection>::with<carried_out>,
  // From anyone.
  caf::reacts_to<push_message>>;

} // namespace troupe::centrifuge

// Append only: IDs are positions.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_channels, caf::id_block::troupe::end)
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::subscribe_channel))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::unsubscribe_channel))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::unsubscribed))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::publish_channel))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::get_presence))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::get_presence_stats))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::get_history))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::subscribe_answered))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::publish_answered))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::presence_answered))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::presence_stats_answered))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::history_answered))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::fan_out_event))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::change_channel_members))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::channel_happened))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::channel_idle))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::may_go))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::publish_match))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::watch_pattern))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::watching))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::pattern_watched))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::publish_watched))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::meet_hubs))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::enlist))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::enlisted))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::remove_history))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::remove_history_answered))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::verify_connection))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::connection_verdict))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::verify_subscription))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::subscription_verdict))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::grant_subscription))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::revoke_subscription))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::renew_connection))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::carried_out))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::push_message))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::hook_gave_up))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::renew_channels))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::renew_options))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::close_elsewhere))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::view_changed))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::happened_elsewhere))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::view_settled))
  CAF_ADD_TYPE_ID(troupe_channels, (troupe::centrifuge::abandon_channel))
CAF_END_TYPE_ID_BLOCK(troupe_channels)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::close_elsewhere)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::view_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::view_settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::abandon_channel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::happened_elsewhere)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::renew_channels)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::renew_options)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::push_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::hook_gave_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::subscribe_channel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::unsubscribe_channel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::unsubscribed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::publish_channel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::get_presence)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::get_presence_stats)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::get_history)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::subscribe_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::publish_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::presence_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::presence_stats_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::history_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::fan_out_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::change_channel_members)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::channel_happened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::channel_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::may_go)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::publish_match)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::watch_pattern)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::watching)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::pattern_watched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::publish_watched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::meet_hubs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::enlist)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::enlisted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::remove_history)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::remove_history_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::verify_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::connection_verdict)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::verify_subscription)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::subscription_verdict)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::grant_subscription)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::revoke_subscription)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::renew_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::carried_out)
