// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// INFLATER: the beginning of a compressed message (RFC 7692), for which nothing of earlier messages is
// needed: the handshake asks for no context takeover. Thread: its owner's.
#pragma once
#include <zlib.h>

#include <array>
#include <string_view>

namespace troupe::app::bench {

class inflater {
public:
  /// @throws std::bad_alloc.
  inflater();
  ~inflater() { ::inflateEnd(&stream_); }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  /// What the first bytes of a message say, as far as they tell: at most 125 bytes, valid until the next
  /// call. Empty if they are no deflate stream.
  std::string_view head_of(std::string_view compressed);

private:
  z_stream stream_{};
  std::array<char, 125> head_;
};

} // namespace troupe::app::bench
