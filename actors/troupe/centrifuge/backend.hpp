// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a CLIENT asks the application's own server, by way of its BACKEND, and what it may answer: as tokens do,
// but at the time when it matters.
#pragma once
#include <troupe/centrifuge/authentication.hpp>
#include <troupe/centrifuge/reply.hpp>
#include <troupe/close_reason.hpp>
#include <troupe/connection_profile.hpp>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::centrifuge {

/// Names and values.
using request_headers = std::vector<std::pair<std::string, std::string>>;

/// Who it is about.
struct asking_client {
  std::string client; ///< Connection ID.
  std::string user;   ///< Empty: anonymous, or not known yet.
  transport_kind over = transport_kind::centrifuge_json;
  std::string meta;   ///< As JSON; empty: nothing.
  std::shared_ptr<const request_headers> headers; ///< Of the upgrade, that are passed on; may be null.
};

/// No: the client gets the error, or is closed if the reason is not none.
struct denial {
  error_result error;
  close_status close;
};

/// A client without a token connects.
struct ask_connect {
  asking_client who;
  payload data;
  std::string name;
  std::string version;
  std::vector<std::string> channels; ///< It asks for.
};
/// Yes, and who it is.
struct admittance {
  connection_grant grant;
  payload data; ///< For the client.
};
/// The options decide, as if nobody had been asked.
struct no_opinion {};
/// Whether it may.
struct connect_ruling {
  std::variant<no_opinion, admittance, denial> value;
};

/// A client asks to subscribe.
struct ask_subscribe {
  asking_client who;
  std::string channel;
  payload data;
};
/// Yes, but so.
struct subscription_admittance {
  subscription_terms terms;
  time_left expires_in;
};
/// Whether it may.
struct subscribe_ruling {
  std::variant<subscription_admittance, denial> value;
};

/// A client asks to publish.
struct ask_publish {
  asking_client who;
  std::string channel;
  payload data;
};
/// Yes, but so; see publish_channel.
struct publication_terms {
  payload data; ///< In place of the client's, if there is any.
  bool skip_history = false;
  tag_map tags;
  std::string idempotency_key;
  bool delta = false;
  std::uint64_t version = 0;
  std::string version_epoch;
};
/// Whether it may.
struct publish_ruling {
  std::variant<publication_terms, denial> value;
};

/// The time of a connection, or of a subscription, is over.
struct ask_refresh {
  asking_client who;
};
/// The same of a subscription.
struct ask_sub_refresh {
  asking_client who;
  std::string channel;
};
/// It goes on.
struct renewal {
  time_left expires_in;
  payload info; ///< Replaces the old one, if there is any.
  std::string meta; ///< Likewise.
};
/// It is over indeed.
struct time_is_over {};
/// Nobody can tell now: to be asked again.
struct no_answer {};
/// Whether it goes on.
struct refresh_ruling {
  std::variant<no_answer, renewal, time_is_over, denial> value;
};

/// BACKEND: asks the application's own server. Answers in any order, and always in time.
using backend_actor = caf::typed_actor<
  caf::replies_to<ask_connect>::with<connect_ruling>,
  caf::replies_to<ask_refresh>::with<refresh_ruling>,
  caf::replies_to<ask_subscribe>::with<subscribe_ruling>,
  caf::replies_to<ask_publish>::with<publish_ruling>,
  caf::replies_to<ask_sub_refresh>::with<refresh_ruling>>;

} // namespace troupe::centrifuge

// Far behind the blocks that programs continue, and before those of the edge.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_backend, 29000)
  CAF_ADD_TYPE_ID(troupe_backend, (troupe::centrifuge::ask_connect))
  CAF_ADD_TYPE_ID(troupe_backend, (troupe::centrifuge::connect_ruling))
  CAF_ADD_TYPE_ID(troupe_backend, (troupe::centrifuge::ask_refresh))
  CAF_ADD_TYPE_ID(troupe_backend, (troupe::centrifuge::refresh_ruling))
  CAF_ADD_TYPE_ID(troupe_backend, (troupe::centrifuge::ask_subscribe))
  CAF_ADD_TYPE_ID(troupe_backend, (troupe::centrifuge::subscribe_ruling))
  CAF_ADD_TYPE_ID(troupe_backend, (troupe::centrifuge::ask_publish))
  CAF_ADD_TYPE_ID(troupe_backend, (troupe::centrifuge::publish_ruling))
  CAF_ADD_TYPE_ID(troupe_backend, (troupe::centrifuge::ask_sub_refresh))
CAF_END_TYPE_ID_BLOCK(troupe_backend)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::ask_connect)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::connect_ruling)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::ask_refresh)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::refresh_ruling)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::ask_subscribe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::subscribe_ruling)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::ask_publish)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::publish_ruling)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::ask_sub_refresh)
