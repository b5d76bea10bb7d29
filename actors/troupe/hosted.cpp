// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hosted.hpp>

#include <caf/config.hpp>

namespace troupe {

namespace {

using mailbox = caf::scheduled_actor::mailbox_type;
using inbox = mailbox::lifo_inbox_type;

inbox& inbox_of(mailbox& of) noexcept;

// CAF shows a mailbox's inbox to nobody; an explicit instantiation may name what is private.
template <auto member>
struct opener {
  friend inbox& inbox_of(mailbox& of) noexcept { return of.*member; }
};
template struct opener<&mailbox::inbox_>;

} // namespace

// Of an actor at `start`: what counts its references, its start with the mailbox's inbox, and its behaviors with the
// answers it awaits. Between these lie the mailbox's queues, which what travels express does not pass.
void hosted_job::prefetch_to_send() const noexcept {
  prefetch(start() - CAF_CACHE_LINE_SIZE, 4 * CAF_CACHE_LINE_SIZE);
  prefetch(this, 2 * CAF_CACHE_LINE_SIZE);
}

void hosted_job::prefetch_meter() const noexcept {
  prefetch((*meter_).often_written(), meters::meter_block::often_written_bytes);
}

void hosted_job::prefetch_to_resume() const noexcept {
  prefetch(start(), 3 * CAF_CACHE_LINE_SIZE);
  prefetch(start() + behaviors_at, 2 * CAF_CACHE_LINE_SIZE);
  prefetch(this, 4 * CAF_CACHE_LINE_SIZE);
}

void hosted_job::prefetch_work() noexcept {
  prefetch_meter(); // it may have been long since a message came
  if (works_on_) prefetch(works_on_, transport_front);
  if (works_also_on_) prefetch(works_also_on_, 320);
  if (!waiting_) prefetch_behavior(as_resumable());
}

bool try_block_inbox(caf::scheduled_actor& self) noexcept { return inbox_of(self.mailbox()).try_block(); }

bool is_timed(caf::scheduled_actor& self) {
  return (self.has_behavior() && self.bhvr_stack().back().timeout().valid()) || !self.stream_managers().empty() ||
         !self.pending_stream_managers().empty();
}

// With all of CAF that it calls within it: see CMakeLists.txt.
[[gnu::flatten]] caf::resumable::resume_result resume_untimed(caf::scheduled_actor& self, std::size_t& handled, std::size_t most,
                                                                 bool ever) {
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
