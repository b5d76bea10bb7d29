// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HISTORY STORE: keeps the streams of channels where they outlive the process. Whoever implements it does what it is
// asked in the order in which it is asked, and answers once it is sure.
#pragma once
#include <troupe/centrifuge/history.hpp>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::centrifuge {

/// Channel to store, before all else: what is there of this channel's stream?
struct open_stream {
  std::string channel;
  std::string epoch; ///< Of the stream that begins if there is none.
  history_options keep;
};
/// Nothing: it begins, for there was none or what there was is damaged.
struct stream_opened {
  std::optional<kept_stream> found;
};

/// Channel to store: these come next in the stream. All are kept or none.
struct keep_publications {
  std::string channel;
  std::vector<publication_ptr> publications; ///< At least one, with contiguous offsets and one epoch.
  std::uint64_t first = 0; ///< Offset of the oldest one that the stream will have; those before it go.
  stream_version version;  ///< As of the last of them.
  history_options keep;
  std::vector<stream_key> keys; ///< Of those that have one.
};

/// Channel to store: drop all of them; epoch and offset go on.
struct drop_publications {
  std::string channel;
};

/// It is done and outlives the process, or nothing has changed.
struct store_answered {
  bool done = false;
};

using history_store_actor = caf::typed_actor<
  caf::replies_to<open_stream>::with<stream_opened>,
  caf::replies_to<keep_publications>::with<store_answered>,
  caf::replies_to<drop_publications>::with<store_answered>>;

} // namespace troupe::centrifuge

// Behind the block of channel lifecycles.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_history_store, 28100)
  CAF_ADD_TYPE_ID(troupe_history_store, (troupe::centrifuge::open_stream))
  CAF_ADD_TYPE_ID(troupe_history_store, (troupe::centrifuge::stream_opened))
  CAF_ADD_TYPE_ID(troupe_history_store, (troupe::centrifuge::keep_publications))
  CAF_ADD_TYPE_ID(troupe_history_store, (troupe::centrifuge::drop_publications))
  CAF_ADD_TYPE_ID(troupe_history_store, (troupe::centrifuge::store_answered))
CAF_END_TYPE_ID_BLOCK(troupe_history_store)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::open_stream)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::stream_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::keep_publications)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::drop_publications)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::centrifuge::store_answered)
