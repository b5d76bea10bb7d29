// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hosted.hpp>

namespace troupe {

bool is_timed(caf::scheduled_actor& self) {
  return (self.has_behavior() && self.bhvr_stack().back().timeout().valid()) || !self.stream_managers().empty() ||
         !self.pending_stream_managers().empty();
}

// With all of CAF that it calls within it: see CMakeLists.txt.
[[gnu::flatten]] caf::resumable::resume_result resume_untimed(caf::scheduled_actor& self, std::size_t most, bool ever) {
  std::size_t handled = 0;
  caf::scheduled_actor::mailbox_visitor handle{&self, handled, most};
  while (handled < most) {
    const bool found_any = self.mailbox().new_round(3, handle).consumed_items;
    if (found_any && self.finalize()) return caf::resumable::done;
    if (ever && is_timed(self)) { // from now on
      self.set_receive_timeout();
      return caf::resumable::resume_later;
    }
    if (!found_any) break;
  }
  return self.mailbox().try_block() ? caf::resumable::awaiting_message : caf::resumable::resume_later;
}

} // namespace troupe
