// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// MANUAL HOST: a HOST that runs on the calling thread and only when told to, on a clock that stands
// still until it is moved. Hosted actors tested on it need no thread, no port and no waiting.
// Thread: one, the test's. Owner: the test; must outlive the actors hosted on it.
#pragma once
#include <troupe/hosted.hpp>

#include <caf/actor_system.hpp>
#include <caf/intrusive_ptr.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>

namespace troupe::testing {

/// A loop without a thread: its actors run when told to.
class manual_host final : public host {
public:
  explicit manual_host(caf::actor_system& system, std::size_t index = 0,
                       clock::time_point now = clock::time_point{})
    : host(system, index, now), now_(now) {}

  ~manual_host() override {
    for (auto* job : ready_) caf::intrusive_ptr_release(job->as_resumable());
  }

  void ready(hosted_job& who) override { ready_.push_back(&who); }

  /// Its connections have sent whatever they have; a test may look.
  void send_now() override {
    if (on_send_now) on_send_now();
  }
  std::function<void()> on_send_now;

  /// Called by CAF: an actor became ready. Actors of CAF's scheduler are passed on to it.
  void exec_later(caf::resumable* job) override {
    if (job->subtype() == caf::resumable::io_actor) ready(dynamic_cast<hosted_job&>(*job));
    else system().scheduler().enqueue(job);
  }

  /// The same fake time.
  [[nodiscard]] clock::time_point real_now() const noexcept override { return now_; }

  /// Whether no hosted actor is ready.
  [[nodiscard]] bool idle() const noexcept { return ready_.empty(); }

  /// Lets the actor that has been ready longest handle one message, or as many as it has but at most so many, as loops do.
  /// @returns false if none is ready.
  bool run_one(std::size_t most = 1) {
    if (ready_.empty()) return false;
    auto* job = ready_.front();
    ready_.pop_front();
    (void)lap();
    if (job->resume(this, most) == caf::resumable::resume_later) ready_.push_back(job);
    else caf::intrusive_ptr_release(job->as_resumable());
    return true;
  }

  /// Runs until no hosted actor is ready. @returns the number of turns taken by actors.
  std::size_t run() {
    std::size_t turns = 0;
    while (run_one()) ++turns;
    return turns;
  }

  /// Moves the clock in steps of at most one tick of the timing wheel; after each step fires what is
  /// due and runs.
  void advance(clock::duration by) {
    while (by > clock::duration::zero()) {
      const auto step = std::min<clock::duration>(by, timing_wheel::tick);
      by -= step;
      now_ += step;
      set_now(now_);
      timers().advance(now());
      run();
    }
  }

private:
  clock::time_point now_;
  std::deque<hosted_job*> ready_; // each holds a reference
};

} // namespace troupe::testing
