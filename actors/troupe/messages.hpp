// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Every message between Troupe's actors. Requests are imperative, facts are in the past tense, replies
// are nouns. Those that users send carry `inspect`; the rest hold what cannot leave the process.
#pragma once
#include <troupe/close_reason.hpp>
#include <troupe/closed_connections.hpp>
#include <troupe/connection_details.hpp>
#include <troupe/delivery.hpp>
#include <troupe/frame.hpp>
#include <troupe/lifecycle.hpp>
#include <troupe/glob.hpp>
#include <troupe/membership_index.hpp>
#include <troupe/outbox.hpp>
#include <troupe/send_budget.hpp>
#include <troupe/target.hpp>

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

// -- for everyone: to the registry -----------------------------------------------------------------

/// Delivers a message to every connection of `to` that speaks no protocol of its own
/// (speaks_plainly()). Order per sender is kept. One that finds the node over its send_budget is dropped and
/// counted: whoever wants to know sends confirm_broadcast.
struct broadcast {
  target to;
  frame message;
  connection_handle exclude = {}; ///< Gets nothing, such as the sender.
  overflow policy = overflow::disconnect;
  std::string key = {};           ///< For overflow::latest_per_key.
  bool here_only = false;         ///< Not to connections of other nodes.
};

/// As broadcast, and asks what became of it.
struct confirm_broadcast {
  broadcast what;
};

/// What became of a broadcast: matched = queued + dropped.
struct receipt {
  std::uint64_t matched = 0; ///< Connections the target named.
  std::uint64_t queued = 0;  ///< Connections in whose outbox it is now.
  std::uint64_t dropped = 0; ///< Connections that will not get it: policy, closing, or just gone.
  acceptance was = acceptance::accepted; ///< Over budget: then nobody was asked, and all figures are 0.
};

/// Adds connections to, or removes them from, a named set. A user replaces the former one.
struct change_membership {
  enum class action : std::uint8_t { add, remove };
  target of;
  action what = action::add;
  membership in = membership::group;
  std::string name;
  bool here_only = false; ///< As of broadcast.
};

/// How to close: with a closing handshake after what is queued, or at once.
enum class closing : std::uint8_t { handshake, cut };

/// Closes every connection of `to`. The receipt counts them as queued.
struct close_connections {
  target to;
  close_status status = close_status::of(close_reason::kicked);
  closing how = closing::handshake;
  bool here_only = false; ///< As of broadcast.
};

/// Closes every connection, `rate` a second on the whole node (0: at once), then ends the registry.
/// Each is told a time of its own within `retry_window` to come back after, unless that is 0.
struct drain {
  std::size_t rate = 0;
  std::chrono::milliseconds retry_window{0};
};

// -- between registry, shards and connections ------------------------------------------------------

/// To the registry: a broadcast whose bytes its sender has taken from the node's send_budget.
struct admitted {
  broadcast what;
};

/// Connection to registry: a client's message. Its sender gets `credit` once it is fanned out.
struct submit {
  broadcast what;
  std::size_t cost = 0; ///< Comes back in `credit`.
  delivery::clock::time_point read_at = {}; ///< When it came from the socket.
};

/// Lets a connection read `bytes` more.
struct credit {
  std::size_t bytes = 0;
};

/// Registry to shard: deliveries in this order. Its sender gets `fanned_out` of the same number once they are handed over.
struct fan_out {
  std::uint64_t number = 0;
  std::vector<delivery_ptr> deliveries;
};
struct fanned_out {
  std::uint64_t number = 0;
};

/// Registry to shard: one delivery with a receipt.
struct confirm_fan_out {
  delivery_ptr what;
};

/// Registry to whoever stands for other nodes: these are for connections there, too. The `bytes` were taken from
/// registry_options::relay_budget, and go back to it.
struct relay {
  std::vector<delivery_ptr> deliveries;
  std::size_t bytes = 0;
};

/// Shard to itself: goes on with a long fan-out or drain.
struct go_on {};

/// Shard to connection.
struct deliver {
  delivery_ptr what;
};
/// Shard to connection: answered with the outcome.
struct confirm_deliver {
  delivery_ptr what;
};
struct outcome {
  send_status status = send_status::queued;
};

/// When observers hear of a connection.
enum class announcement : std::uint8_t {
  on_join,
  on_introduction, ///< Only with `introduce`: it is not known yet who it is.
};

/// Connection to shard: "I am here". Answered with `joined`; while draining, close_connection follows.
struct join {
  client_id id;
  std::string user;
  std::vector<std::string> groups;
  std::vector<std::string> labels;
  connection_origin origin = {};
  std::string meta = {}; ///< As in connection_profile.
  announcement told = announcement::on_join;
};
/// Connection to shard, once: it is a client from now on, and this is who it is.
struct introduce {
  std::string user;
  std::vector<std::string> labels;
  std::string meta = {};
};
struct joined {
  connection_handle handle;
  connection_profile_ptr who;
};

/// To a connection: close with this status.
struct close_connection {
  close_status status;
  closing how = closing::handshake;
};

/// Anyone to shard: names and sizes of its sets of a kind, a part at a time (membership_index::visit).
struct list_sets {
  membership in = membership::channel;
  std::shared_ptr<const glob> pattern; ///< Of the names; null: all.
  membership_index::part from;
};
struct listed_sets {
  std::vector<std::pair<std::string, std::size_t>> sets; ///< Name and number of connections.
  membership_index::part part;
};

/// Anyone to shard: its connections, a part at a time. Those that stay are told once.
struct list_connections {
  /// Of this user only, the empty one being everybody who is anonymous. Those who have not said yet who
  /// they are belong to nobody.
  std::optional<std::string> user{};
  std::string group{}; ///< Members of this group only; empty: whether or not in one.
  std::string label{}; ///< Likewise.
  std::optional<client_id> id{};
  std::string peer{};  ///< From this address only.
  std::optional<transport_kind> over{};
  std::chrono::seconds min_idle{0}; ///< No message came for so long.
  std::chrono::seconds min_age{0};
  std::uint32_t from = 0; ///< 0 at first, then `next` of the part before.
  std::size_t most = 100; ///< In one part.
};
struct listed_connection {
  caf::strong_actor_ptr who; ///< A connection_actor, or the client_actor it is by its origin.
  client_id id;
  connection_origin origin;
  std::string user;
  std::vector<std::string> groups;
  std::vector<std::string> labels;
  std::vector<std::string> channels;
  std::chrono::seconds age{0};  ///< Since it joined.
  std::chrono::seconds idle{0}; ///< Since its last message, or since it joined.
};
struct listed_connections {
  std::vector<listed_connection> connections;
  std::uint32_t next = 0;
  bool through = false; ///< There are no more.
};

// -- from a transport or a timer to its connection -------------------------------------------------

/// A whole message came. `cost` is what to grant() when it is dealt with.
struct received {
  frame message;
  std::size_t cost = 0;
};
struct pong_received {};
/// The transport is gone; the connection ends with this record.
struct transport_closed {
  close_record record;
};
/// A deadline of the connection's heartbeat passed.
struct deadline_passed {};

// -- to the ledger ---------------------------------------------------------------------------------

struct find_closed {
  closed_query query;
};
struct count_closed {
  closed_query query; ///< Offset and limit do not matter.
};

// -- inspection ------------------------------------------------------------------------------------

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, frame& x) {
  auto type = static_cast<std::uint8_t>(x.type());
  std::string payload{x.payload()};
  auto load = [&]() -> caf::error {
    x = frame::encode(static_cast<opcode>(type), payload);
    return caf::none;
  };
  return f(type, payload, caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, broadcast& x) {
  return f(x.to, x.message, x.exclude, x.policy, x.key, x.here_only);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, confirm_broadcast& x) {
  return f(x.what);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, receipt& x) {
  return f(x.matched, x.queued, x.dropped, x.was);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, change_membership& x) {
  return f(x.of, x.what, x.in, x.name, x.here_only);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, close_connections& x) {
  return f(x.to, x.status, x.how, x.here_only);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, drain& x) {
  return f(x.rate, x.retry_window);
}

} // namespace troupe

// Append only: IDs are positions. A program's own messages start at troupe::first_type_id (type_ids.hpp).
CAF_BEGIN_TYPE_ID_BLOCK(troupe, caf::first_custom_type_id)
  CAF_ADD_TYPE_ID(troupe, (troupe::broadcast))
  CAF_ADD_TYPE_ID(troupe, (troupe::confirm_broadcast))
  CAF_ADD_TYPE_ID(troupe, (troupe::receipt))
  CAF_ADD_TYPE_ID(troupe, (troupe::change_membership))
  CAF_ADD_TYPE_ID(troupe, (troupe::close_connections))
  CAF_ADD_TYPE_ID(troupe, (troupe::drain))
  CAF_ADD_TYPE_ID(troupe, (troupe::submit))
  CAF_ADD_TYPE_ID(troupe, (troupe::credit))
  CAF_ADD_TYPE_ID(troupe, (troupe::fan_out))
  CAF_ADD_TYPE_ID(troupe, (troupe::fanned_out))
  CAF_ADD_TYPE_ID(troupe, (troupe::confirm_fan_out))
  CAF_ADD_TYPE_ID(troupe, (troupe::go_on))
  CAF_ADD_TYPE_ID(troupe, (troupe::deliver))
  CAF_ADD_TYPE_ID(troupe, (troupe::confirm_deliver))
  CAF_ADD_TYPE_ID(troupe, (troupe::outcome))
  CAF_ADD_TYPE_ID(troupe, (troupe::join))
  CAF_ADD_TYPE_ID(troupe, (troupe::joined))
  CAF_ADD_TYPE_ID(troupe, (troupe::close_connection))
  CAF_ADD_TYPE_ID(troupe, (troupe::received))
  CAF_ADD_TYPE_ID(troupe, (troupe::pong_received))
  CAF_ADD_TYPE_ID(troupe, (troupe::transport_closed))
  CAF_ADD_TYPE_ID(troupe, (troupe::deadline_passed))
  CAF_ADD_TYPE_ID(troupe, (troupe::close_record))
  CAF_ADD_TYPE_ID(troupe, (troupe::connection_events))
  CAF_ADD_TYPE_ID(troupe, (troupe::noted))
  CAF_ADD_TYPE_ID(troupe, (troupe::observe))
  CAF_ADD_TYPE_ID(troupe, (troupe::unobserve))
  CAF_ADD_TYPE_ID(troupe, (troupe::find_closed))
  CAF_ADD_TYPE_ID(troupe, (troupe::closed_page))
  CAF_ADD_TYPE_ID(troupe, (troupe::count_closed))
  CAF_ADD_TYPE_ID(troupe, (troupe::closed_counts))
  CAF_ADD_TYPE_ID(troupe, (troupe::list_sets))
  CAF_ADD_TYPE_ID(troupe, (troupe::listed_sets))
  CAF_ADD_TYPE_ID(troupe, (troupe::list_connections))
  CAF_ADD_TYPE_ID(troupe, (troupe::listed_connections))
  CAF_ADD_TYPE_ID(troupe, (troupe::introduce))
  CAF_ADD_TYPE_ID(troupe, (troupe::admitted))
  CAF_ADD_TYPE_ID(troupe, (troupe::describe_connection))
  CAF_ADD_TYPE_ID(troupe, (troupe::describe))
  CAF_ADD_TYPE_ID(troupe, (troupe::connection_details))
  CAF_ADD_TYPE_ID(troupe, (troupe::limit_connection))
  CAF_ADD_TYPE_ID(troupe, (troupe::limit_queue))
  CAF_ADD_TYPE_ID(troupe, (troupe::sync_connections))
  CAF_ADD_TYPE_ID(troupe, (troupe::relay))
CAF_END_TYPE_ID_BLOCK(troupe)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::relay)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::admitted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::submit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::credit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::fan_out)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::fanned_out)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::confirm_fan_out)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::go_on)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::deliver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::confirm_deliver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::join)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::joined)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::close_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::received)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::pong_received)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::deadline_passed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::connection_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::noted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::observe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::unobserve)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::find_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::closed_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::count_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::closed_counts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::list_sets)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listed_sets)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::list_connections)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::listed_connections)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::introduce)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::describe_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::describe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::connection_details)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::limit_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::limit_queue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::sync_connections)
