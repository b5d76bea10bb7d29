// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HOST: an I/O loop as actors see it: the one thread on which its hosted actors run (hosted.hpp), with
// a clock, a timing wheel and counters. All but exec_later(), ready() and real_now() is for that thread only.
#pragma once
#include <troupe/meters/loop_meters.hpp>
#include <troupe/meters/ticks.hpp>
#include <troupe/meters/way_sampler.hpp>
#include <troupe/supervision.hpp>
#include <troupe/timing_wheel.hpp>
#include <troupe/tracing/tracer.hpp>

#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace troupe {

class hosted_job;

class host : public caf::execution_unit {
public:
  using clock = std::chrono::steady_clock;

  host(caf::actor_system& system, std::size_t index, clock::time_point now)
    : caf::execution_unit(&system), index_(index), now_(now), timers_(now),
      figures_(std::make_shared<meters::loop_meters>(index, now)), sampler_(*figures_) {}

  host(const host&) = delete;
  host& operator=(const host&) = delete;

  /// Takes one reference to an actor of this host that is ready, and resumes it later. Thread: any.
  virtual void ready(hosted_job& who) = 0;

  /// Sends what connections have queued in this turn, and not when it ends. For handlers of its actors.
  virtual void send_now() {}

  /// Position among the loops of its server, from 0.
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  /// Steady time, read at most once a turn.
  [[nodiscard]] clock::time_point now() noexcept {
    if (stale_) set_now(clock::now());
    return now_;
  }
  /// As now(), but asks the clock, and is for any thread.
  [[nodiscard]] virtual clock::time_point real_now() const noexcept { return clock::now(); }
  [[nodiscard]] timing_wheel& timers() noexcept { return timers_; }
  /// Writing is for the loop's thread; reading for any.
  [[nodiscard]] loop_counters& counters() noexcept { return figures_->counters; }
  /// Likewise. Readers may keep them for longer than the loop lives.
  [[nodiscard]] const std::shared_ptr<meters::loop_meters>& figures() noexcept { return figures_; }
  [[nodiscard]] meters::way_sampler& sampler() noexcept { return sampler_; }
  /// Who starts which actors again.
  [[nodiscard]] troupe::supervision& supervision() noexcept { return supervision_; }

  /// Null while there is no trace on this loop.
  [[nodiscard]] tracing::tracer* tracer() noexcept { return tracer_.get(); }
  void begin(std::shared_ptr<tracing::trace> what) {
    if (!tracer_) tracer_ = std::make_unique<tracing::tracer>(index_);
    tracer_->add(std::move(what));
  }
  void end(const tracing::trace& what) {
    if (tracer_ && tracer_->remove(what)) tracer_.reset();
  }

  /// Ticks since this was last called: actors that run one after another share one look at the clock.
  std::uint64_t lap() noexcept {
    const auto now = meters::ticks();
    return now - std::exchange(lap_, now);
  }

protected:
  void set_now(clock::time_point now) noexcept {
    now_ = now;
    stale_ = false;
  }
  /// Time may have passed: the next now() asks the clock.
  void let_time_pass() noexcept { stale_ = true; }

private:
  std::size_t index_;
  clock::time_point now_;
  bool stale_ = false;
  timing_wheel timers_;
  std::uint64_t lap_ = 0;
  std::unique_ptr<tracing::tracer> tracer_;
  std::shared_ptr<meters::loop_meters> figures_;
  meters::way_sampler sampler_;
  troupe::supervision supervision_;
};

} // namespace troupe
