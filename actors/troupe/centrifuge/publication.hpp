// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What is published and how it reaches a subscriber: plain values of the Centrifuge protocol,
// shared by commands, replies, channels and both wire codecs. A publication is immutable once
// published, so that history, subscribers and threads share one copy.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace troupe::centrifuge {

/// Bytes of a user, kept exactly as they came.
struct payload {
  std::string bytes;
  /// The bytes are one valid JSON value (hence UTF-8). Found out once, by whoever brings the bytes
  /// in; a payload for which this is false cannot go to a client that speaks JSON.
  bool is_json = false;

  bool empty() const noexcept { return bytes.empty(); }
};

/// Who does something in channels, as others there see it.
struct client_info {
  std::string user;   ///< Empty for an anonymous user.
  std::string client; ///< Connection ID.
  payload conn_info;  ///< About the connection, from its credentials.
  payload chan_info;  ///< About the subscription.
};

/// What subscribers may filter by; clients get it with the publication.
using tag_map = std::map<std::string, std::string>;

/// One message of a channel.
struct publication {
  payload data;
  std::optional<client_info> info; ///< The publisher, if it was a client.
  std::uint64_t offset = 0;        ///< In the channel's stream, from 1 up; 0 is outside of it.
  std::string epoch;               ///< Of that stream. Not written to the wire.
  tag_map tags;
};
using publication_ptr = std::shared_ptr<const publication>;

/// How a payload is written for one kind of subscriber.
enum class payload_form : std::uint8_t {
  plain, ///< As it is: the subscriber did not negotiate deltas.
  full,  ///< Whole, to a subscriber that negotiated deltas; in JSON a string that holds it.
  delta, ///< Difference to the publication before it; in JSON a string too.
};

/// A publication as one kind of subscriber gets it.
struct rendition {
  publication_ptr publication; ///< Never null.
  payload_form form = payload_form::plain;
  std::string delta; ///< Only if that is the form; valid UTF-8 if the publication's data is JSON.
  /// Where it was published, if it reaches a subscription to a pattern; such a one has no offsets.
  std::string channel;
};

/// A place in a channel's stream.
struct stream_position {
  std::uint64_t offset = 0; ///< Of the last publication seen; 0 is before the first.
  std::string epoch;        ///< Names the stream's incarnation; empty if unknown.

  friend bool operator==(const stream_position&, const stream_position&) = default;
};

} // namespace troupe::centrifuge
