// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <troupe/net/internal/aliases.hpp>

#include <cstddef>
#include <cstdint>

namespace troupe::net {

/// What came of reading from or writing to a socket at once.
struct io_outcome {
  enum class state : std::uint8_t {
    done,
    wants_read,  ///< Try again when the socket can be read.
    wants_write, ///< Try again when it can be written.
  };
  state is = state::done;
  std::size_t bytes = 0;
  error_code error = {}; ///< Of what is done.
};

} // namespace troupe::net
