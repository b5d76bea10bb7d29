// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/io_loop.hpp>

#include <caf/exit_reason.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <algorithm>
#include <exception>

namespace troupe::net {

io_loop::io_loop(caf::actor_system& system, std::size_t index, send_method method, event_log& log)
  : host(system, index, clock::now()), log_(log), operations_(batch_sender::max_batch),
    method_(method), work_(context_.get_executor()), wake_(context_.get_executor()) {}

io_loop::~io_loop() {
  // One that ends may make another ready.
  for (take_handed_over(); !ready_.empty(); take_handed_over()) {
    auto* job = ready_.back();
    ready_.pop_back();
    auto* actor = static_cast<caf::scheduled_actor*>(job);
    actor->quit(caf::exit_reason::user_shutdown);
    actor->finalize();
    caf::intrusive_ptr_release(job);
  }
}

io_loop*& io_loop::current() noexcept {
  static thread_local io_loop* loop = nullptr;
  return loop;
}

// -- actors become ready ---------------------------------------------------------------------------

void io_loop::exec_later(caf::resumable* job) {
  if (job->subtype() != caf::resumable::io_actor) {
    system().scheduler().enqueue(job);
    return;
  }
  if (current() == this) {
    ready_.push_back(job);
    return;
  }
  auto* link = dynamic_cast<hosted_job*>(job);
  auto* head = handed_over_.load(std::memory_order_relaxed);
  do {
    link->next_ready = head;
  } while (!handed_over_.compare_exchange_weak(head, link, std::memory_order_release,
                                               std::memory_order_relaxed));
  if (!head) post([this] { take_handed_over(); });
}

void io_loop::take_handed_over() {
  auto* link = handed_over_.exchange(nullptr, std::memory_order_acquire);
  const auto first = static_cast<std::ptrdiff_t>(ready_.size());
  for (; link; link = link->next_ready) ready_.push_back(link->as_resumable());
  std::reverse(ready_.begin() + first, ready_.end());
}

// -- turns -----------------------------------------------------------------------------------------

void io_loop::run() {
  current() = this;
  sender_.prepare(method_);
  while (!context_.stopped()) {
    let_time_pass();
    if (ready_.empty() && dirty_.empty()) guarded([&] { context_.run_one(); });
    run_handlers();
    let_time_pass();
    guarded([&] { timers().advance(now()); });
    resume_ready();
    flush();
    arm_wake_timer();
  }
  current() = nullptr;
}

void io_loop::finish() {
  post([this] { context_.stop(); });
}

template <class F>
void io_loop::guarded(F f) noexcept {
  try {
    f();
  } catch (const std::exception& e) {
    log_.write(severity::error, "handler_failed", {{"what", e.what()}});
  } catch (...) {
    log_.write(severity::error, "handler_failed", {{"what", "unknown exception"}});
  }
}

void io_loop::run_handlers() {
  int ran = 0;
  for (bool more = true; more && ran < max_handlers; ++ran)
    guarded([&] { more = context_.poll_one() != 0; });
}

bool io_loop::resume_ready() {
  for (int round = 0; round < max_rounds && !ready_.empty(); ++round) {
    running_.swap(ready_);
    for (auto* job : running_) {
      if (job->resume(this, max_messages_per_actor) == caf::resumable::resume_later)
        ready_.push_back(job);
      else caf::intrusive_ptr_release(job);
    }
    running_.clear();
  }
  return !ready_.empty();
}

void io_loop::arm_wake_timer() {
  const auto next = timers().next();
  if (!next || (wake_at_ && *wake_at_ <= *next)) return;
  wake_at_ = *next;
  wake_.expires_at(*next);
  wake_.async_wait([this](error_code ec) {
    if (!ec) wake_at_.reset();
  });
}

// -- sending ---------------------------------------------------------------------------------------

void io_loop::mark_dirty(flushable& f) {
  if (std::exchange(f.dirty_, true)) return;
  f.position_ = dirty_.size();
  dirty_.push_back(&f);
}

void io_loop::forget(flushable& f) noexcept {
  if (!std::exchange(f.dirty_, false)) return;
  for (auto* list : {&dirty_, &flushing_})
    if (f.position_ < list->size() && (*list)[f.position_] == &f) (*list)[f.position_] = nullptr;
}

void io_loop::flush() {
  flushing_.swap(dirty_);
  std::size_t n = 0;
  for (std::size_t i = 0; i < flushing_.size(); ++i) { // sent() may forget others
    auto* f = flushing_[i];
    if (!f) continue;
    f->dirty_ = false;
    operations_[n].owner = f;
    guarded([&] { n += f->want_send(operations_[n]) ? 1 : 0; });
    if (n == batch_sender::max_batch) send(std::exchange(n, 0));
  }
  send(n);
  flushing_.clear();
}

void io_loop::send(std::size_t operations) {
  const auto batch = std::span{operations_}.first(operations);
  sender_.run(batch);
  for (auto& op : batch)
    guarded([&] { static_cast<flushable*>(op.owner)->sent(op.result); });
}

} // namespace troupe::net
