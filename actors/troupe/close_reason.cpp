// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/close_reason.hpp>

#include <troupe/messages.hpp>

namespace troupe {

close_record record_of(const caf::error& exit_reason) {
  static const auto ours = caf::make_error(close_reason::internal_error).category();
  if (exit_reason && exit_reason.category() == ours &&
      exit_reason.context().match_elements<close_record>())
    return exit_reason.context().get_as<close_record>(0);
  return {.reason = close_reason::internal_error};
}

} // namespace troupe
