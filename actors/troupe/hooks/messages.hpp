// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Every message between Troupe and the actors of a program that extends it. The first half is what such
// an actor gets and what it answers; the rest is between its keeper and those it is kept for.
#pragma once
#include <troupe/centrifuge/backend.hpp>
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/centrifuge/inspection.hpp>
#include <troupe/close_reason.hpp>
#include <troupe/connection_profile.hpp>
#include <troupe/frame.hpp>
#include <troupe/interfaces.hpp>

#include <caf/error.hpp>
#include <caf/typed_actor.hpp>

#include <any>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::hooks {

// -- routes: WebSocket paths whose messages go to an actor -------------------------------------------

/// One connection of a route, as its actor gets to know it.
struct visitor {
  client_id id;             ///< Names it from then on; target::connection(id) reaches it.
  connection_actor who;     ///< Reaches it without the registry: send it `deliver`.
  std::string path;         ///< Of the route; empty if it is none.
  std::string user;         ///< Empty: anonymous.
  std::string address;      ///< Of the peer.
  transport_kind over = transport_kind::websocket; ///< What it speaks.
};

/// A connection opened. Comes once for each, before its first message.
struct opened {
  visitor what;
};

/// A client sent a whole message. Messages of one client come in its order, each once or, when the
/// actor fails meanwhile, not at all. The client is not read further than the read window ahead of the
/// answers.
struct message {
  client_id from;
  frame what;
};

/// A connection ended. Comes once for each `opened`, however it ended; nothing of it follows.
struct closed {
  client_id id;
  close_record how;
};

/// What becomes of the connection that `opened` or `message` came from.
struct answer {
  std::vector<frame> replies = {}; ///< Sent to it, in this order.
  close_status close = {};         ///< Then it is closed so, unless the reason is none.

  /// One text message.
  static answer text(std::string_view payload) {
    return {.replies = {frame::encode(opcode::text, payload)}};
  }
  /// Closes the connection.
  /// @param code 4000 to 4999, whose meaning is the application's.
  /// @param why At most 123 bytes.
  static answer bye(std::uint16_t code, std::string why) {
    return {.close = {close_reason::kicked, code, std::move(why)}};
  }
};

/// The interface of a route's actor. An actor may handle more: route_actor::extend<...>.
using route_actor = caf::typed_actor<
  caf::replies_to<opened>::with<answer>,
  caf::replies_to<message>::with<answer>,
  caf::reacts_to<closed>>;

// -- methods: what clients of /connection/websocket call ---------------------------------------------

/// A client called a method (`rpc`), or sent something that has neither method nor reply (`send`).
/// Further commands of the client wait for the answer.
struct call {
  std::string method;           ///< Empty for `send`.
  centrifuge::payload data;
  centrifuge::client_info from; ///< Its `client` is empty if the call came through the server API.
  transport_kind over = transport_kind::centrifuge_json;
  std::string meta = {};        ///< What the client's token says to the server alone, as JSON.
  std::shared_ptr<const centrifuge::request_headers> headers = {}; ///< Of the client, passed on to webhooks; may be null.
};

/// What a call returns: data or an error, and maybe the end of the connection.
struct call_result {
  centrifuge::payload data = {};        ///< Ignored if there is an error, and for `send`.
  centrifuge::error_result error = {};  ///< Unless its code is 0.
  close_status close = {};              ///< The client is closed so, unless the reason is none.

  /// Data for the caller.
  static call_result of(centrifuge::payload data) { return {.data = std::move(data)}; }
  /// @param code 400 to 1999, whose meaning is the application's.
  static call_result fail(std::uint32_t code, std::string text) {
    return {.error = {code, std::move(text), false}};
  }
  /// An error of the protocol, with its text.
  static call_result fail(centrifuge::error_code known) {
    return {.error = centrifuge::error_result{known}};
  }
  /// @param code 4000 to 4499: the client connects again; 4500 to 4999: it does not.
  static call_result bye(std::uint16_t code, std::string why) {
    return {.close = {close_reason::kicked, code, std::move(why)}};
  }
};

/// The interface of a method's actor. An actor may handle more: method_actor::extend<...>.
using method_actor = caf::typed_actor<caf::replies_to<call>::with<call_result>>;

// -- namespaces: channels whose actor has a say -------------------------------------------------------

/// A client asks to subscribe, and the options of the namespace allow it.
struct subscribe {
  std::string channel;
  centrifuge::client_info from;
  centrifuge::payload data; ///< Of the request.
};

/// Whether a client may subscribe.
struct admission {
  std::optional<centrifuge::error_code> refused = {}; ///< Why not; nothing: it may.
  centrifuge::payload data = {};                      ///< For the subscriber, in the reply.
  centrifuge::payload info = {}; ///< About the subscription: seen in presence, joins and publications.
  close_status close = {};       ///< The client is closed so, unless the reason is none.

  /// It may. @param data For the subscriber.
  static admission granted(centrifuge::payload data = {}) { return {.data = std::move(data)}; }
  /// It gets this error.
  static admission refuse(centrifuge::error_code why) { return {.refused = why}; }
};

/// A client asks to publish, and the options of the namespace allow it. What the program publishes by
/// itself is not asked for.
struct publish {
  std::string channel;
  centrifuge::payload data;
  centrifuge::client_info from;
};

/// What becomes of a publication.
struct ruling {
  /// What is done with it.
  enum class verdict : std::uint8_t {
    publish, ///< It is published, with `data` in place of the client's if there is any.
    done,    ///< It was a command to the actor: nothing is published, the client hears of success.
    refuse,  ///< The client gets `refused`.
  };

  verdict what = verdict::publish;
  centrifuge::payload data = {};
  centrifuge::tag_map tags = {}; ///< Of the publication.
  std::string key = {};          ///< Of the publication, for overflow::latest_per_key.
  centrifuge::error_code refused = centrifuge::error_code::permission_denied;
  close_status close = {}; ///< The client is closed so, unless the reason is none.

  /// It is published as the client sent it.
  static ruling as_it_is() { return {}; }
  /// It is published with this in place of the client's data.
  static ruling changed(centrifuge::payload data) { return {.data = std::move(data)}; }
  /// It was for the actor alone.
  static ruling done() { return {.what = verdict::done}; }
  /// The client gets this error.
  static ruling refuse(centrifuge::error_code why) {
    return {.what = verdict::refuse, .refused = why};
  }
};

/// Somebody asks who is in a channel, or for its history.
struct read_channel {
  /// What is asked for.
  enum class part : std::uint8_t { presence, presence_stats, history };
  std::string channel;
  part what = part::presence;
  centrifuge::history_query query = {}; ///< Of history.
};

/// What they get: what is so, an answer of the actor's own, or an error.
struct view {
  std::optional<centrifuge::error_code> refused = {};
  std::optional<centrifuge::presence_result> presence = {}; ///< For presence and presence_stats.
  std::optional<centrifuge::history_page> history = {};

  /// They get what is so.
  static view as_it_is() { return {}; }
  /// They get this error.
  static view refuse(centrifuge::error_code why) { return {.refused = why}; }
};

/// A client is subscribed. Comes once for each subscription.
struct entered {
  std::string channel;
  centrifuge::client_info who;
};

/// A subscription ended. Comes once for each `entered`, however it ended.
struct left {
  std::string channel;
  centrifuge::client_info who;
};

/// The interface of a namespace's actor. An actor may handle more: namespace_actor::extend<...>.
using namespace_actor = caf::typed_actor<
  caf::replies_to<subscribe>::with<admission>,
  caf::replies_to<publish>::with<ruling>,
  caf::replies_to<read_channel>::with<view>,
  caf::reacts_to<entered>,
  caf::reacts_to<left>>;

// -- keepers -----------------------------------------------------------------------------------------

/// To its keeper: what an actor leaves to its successor, should it fail. The last one counts. Best a
/// std::shared_ptr<const T>, for it is copied.
struct hand_over {
  std::any state;
};

/// A keeper as the actor that it keeps knows it.
using keeper_actor = caf::typed_actor<caf::reacts_to<hand_over>>;

/// From the timing wheel to a keeper: a restart or the deadline of a request is due.
struct keeper_due {};

/// KEEPER of a route: the stable address of an actor that may fail and be replaced.
using route_keeper_actor = keeper_actor::extend<
  // From connections.
  caf::replies_to<opened>::with<answer>,
  caf::replies_to<message>::with<answer>,
  // From itself.
  caf::reacts_to<keeper_due>>;

/// KEEPER of a method.
using method_keeper_actor = keeper_actor::extend<
  // From clients and the server API.
  caf::replies_to<call>::with<call_result>,
  // From itself.
  caf::reacts_to<keeper_due>>;

/// Hub to keeper: a channel failed, and so all its subscriptions ended.
struct channel_lost {
  std::string channel;
};

/// KEEPER of a namespace.
using namespace_keeper_actor = keeper_actor::extend<
  // From hubs.
  caf::replies_to<subscribe>::with<admission>,
  caf::replies_to<publish>::with<ruling>,
  caf::replies_to<read_channel>::with<view>,
  caf::reacts_to<channel_lost>,
  // From channels.
  caf::reacts_to<entered>,
  caf::reacts_to<left>,
  // From itself.
  caf::reacts_to<keeper_due>>;

/// Why a keeper has no answer. Append only: values travel in errors.
enum class failure : std::uint8_t {
  none = 0,   ///< CAF reserves error code 0 for "no error".
  failed,     ///< The actor ended before it answered. The request is lost, the next one may succeed.
  timed_out,  ///< The actor did not answer in time. It may have handled the request.
  overloaded, ///< More requests wait for the actor than keeper_options allow. Try again later.
  gave_up,    ///< The actor failed too often and is not restarted any more.
};

/// Its name.
constexpr std::string_view to_string(failure what) noexcept {
  switch (what) {
    case failure::none: return "none";
    case failure::failed: return "failed";
    case failure::timed_out: return "timed_out";
    case failure::overloaded: return "overloaded";
    case failure::gave_up: return "gave_up";
  }
  return "unknown";
}

// -- inspection --------------------------------------------------------------------------------------

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, visitor& x) {
  return f(x.id, x.who, x.path, x.user, x.address, x.over);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, opened& x) {
  return f(x.what);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, message& x) {
  return f(x.from, x.what);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, closed& x) {
  return f(x.id, x.how);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, answer& x) {
  return f(x.replies, x.close);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, call& x) {
  return f(x.method, x.data, x.from);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, call_result& x) {
  return f(x.data, x.error, x.close);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, subscribe& x) {
  return f(x.channel, x.from, x.data);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, admission& x) {
  auto refused = centrifuge::to_caf(x.refused);
  auto load = [&]() -> caf::error {
    x.refused = centrifuge::from_caf(refused);
    return caf::none;
  };
  return f(refused, x.data, x.info, x.close, caf::meta::load_callback(load));
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, publish& x) {
  return f(x.channel, x.data, x.from);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ruling& x) {
  return f(x.what, x.data, x.tags, x.key, x.refused, x.close);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, read_channel& x) {
  return f(x.channel, x.what, x.query);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, view& x) {
  auto refused = centrifuge::to_caf(x.refused);
  auto presence = centrifuge::to_caf(x.presence);
  auto history = centrifuge::to_caf(x.history);
  auto load = [&]() -> caf::error {
    x.refused = centrifuge::from_caf(refused);
    x.presence = centrifuge::from_caf(presence);
    x.history = centrifuge::from_caf(history);
    return caf::none;
  };
  return f(refused, presence, history, caf::meta::load_callback(load));
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, entered& x) {
  return f(x.channel, x.who);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, left& x) {
  return f(x.channel, x.who);
}

} // namespace troupe::hooks

CAF_ERROR_CODE_ENUM(troupe::hooks::failure, "hook")

// Append only: IDs are positions. A program's own messages start at troupe::first_type_id.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_hooks, caf::id_block::troupe_channels::end)
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::opened))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::message))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::closed))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::answer))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::hand_over))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::keeper_due))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::call))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::call_result))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::subscribe))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::admission))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::publish))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::ruling))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::read_channel))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::view))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::entered))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::left))
  CAF_ADD_TYPE_ID(troupe_hooks, (troupe::hooks::channel_lost))
CAF_END_TYPE_ID_BLOCK(troupe_hooks)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::hooks::hand_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::hooks::keeper_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::hooks::channel_lost)
