// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HANDOVER: how a stream gets from the node that a channel belonged to to the one that it belongs to now: in parts, each of
// which is answered before the next is sent. Who gives it keeps it until the last one is.
#pragma once
#include <troupe/centrifuge/history.hpp>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::centrifuge {

/// A channel that goes to the hub, or to the peer, of the node it goes to: take this of my stream.
struct adopt_stream {
  std::string channel;
  kept_stream part;   ///< With age, version and keys if it is the first one; publications follow those of the part before.
  bool begins = true; ///< It is: whatever came before is void.
  bool ends = true;   ///< It is the last one.
};
struct stream_adopted {
  enum class outcome : std::uint8_t {
    done,
    later,   ///< Not now, but it may be taken if it is sent again from the beginning.
    refused, ///< The channel has gone on without it, or is none that keeps a stream.
  };
  outcome how = outcome::done;
};
using adopter_actor = caf::typed_actor<caf::replies_to<adopt_stream>::with<stream_adopted>>;

/// A channel that has come here to the peer of a node where it may have been, and that one to the hub there: if you still
/// have its stream, it is wanted now.
struct want_stream {
  std::string channel;
};
/// It has been given away, or was never there; else ask again.
struct stream_sought {
  bool settled = false;
};
using giver_actor = caf::typed_actor<caf::replies_to<want_stream>::with<stream_sought>>;

/// Hub to channel, ahead of all else: your subscribers are told that you end. Who wants to subscribe is sent back, for nobody
/// would tell them; the rest of what it has been asked it does. Then it gives its stream away, if it belongs to another node
/// now, and ends. May come again, with another node.
struct give_away {
  adopter_actor to{}; ///< Null: it ends without.
};
/// From itself, behind all that it has been asked.
struct depart {};

/// Channel to hub: one with more in it comes in its place.
struct channel_outdated {
  std::string channel;
};

/// Where the stream of a channel may be that is spawned.
struct stream_source {
  std::vector<giver_actor> ask{};
  bool is_coming = false; ///< It is on its way here.

  [[nodiscard]] bool any() const noexcept { return is_coming || !ask.empty(); }
};

} // namespace troupe::centrifuge

// Behind the block of the history store.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_handover, 28150)
  CAF_ADD_TYPE_ID(troupe_handover, (troupe::centrifuge::adopt_stream))
  CAF_ADD_TYPE_ID(troupe_handover, (troupe::centrifuge::stream_adopted))
  CAF_ADD_TYPE_ID(troupe_handover, (troupe::centrifuge::want_stream))
  CAF_ADD_TYPE_ID(troupe_handover, (troupe::centrifuge::stream_sought))
  CAF_ADD_TYPE_ID(troupe_handover, (troupe::centrifuge::give_away))
  CAF_ADD_TYPE_ID(troupe_handover, (troupe::centrifuge::channel_outdated))
  CAF_ADD_TYPE_ID(troupe_handover, (troupe::centrifuge::depart))
CAF_END_TYPE_ID_BLOCK(troupe_handover)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::adopt_stream)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::stream_adopted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::want_stream)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::stream_sought)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::give_away)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::channel_outdated)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::depart)
