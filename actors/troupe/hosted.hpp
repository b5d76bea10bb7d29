// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HOSTED: actors that always run on the thread of one HOST, as CAF's own I/O brokers run on theirs.
// Together with the loop and prefetch.hpp this is the only place that knows how CAF 0.17 schedules; everything else
// uses documented actor API (docs/decisions/0001-hosted-actors.md).
#pragma once
#include <troupe/behavior_of.hpp>
#include <troupe/express.hpp>
#include <troupe/host.hpp>
#include <troupe/meters/message_type.hpp>
#include <troupe/prefetch.hpp>

#include <caf/actor_system.hpp>
#include <caf/detail/init_fun_factory.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <utility>

namespace troupe {

/// What a host needs of an actor that became ready on another thread: a link for its hand-over list.
/// An actor is ready at most once at a time, so one link is enough.
class hosted_job {
public:
  hosted_job* next_ready = nullptr;
  virtual caf::resumable* as_resumable() noexcept = 0;
  /// What others see of the actor.
  virtual meters::actor_meter& meter() noexcept = 0;

  /// Tells what its handlers touch besides the actor, such as its connection: fetched into the processor's cache
  /// when it resumes. Only that: it may be gone meanwhile. nullptr: nothing.
  void works_on(const void* what) noexcept { works_on_ = what; }
  /// Likewise for something small, such as its only subscription.
  void works_also_on(const void* what) noexcept { works_also_on_ = what; }

  /// Hands messages of this lane's type that travel express to its handler. The behavior keeps one for those that come in
  /// the usual way. Promises that the actor never has a receive timeout, nor streams.
  void expects(const express_lane& lane) noexcept { lane_ = &lane; }

  /// Whose handler this thread runs, or ran last.
  [[nodiscard]] static hosted_job* running() noexcept { return running_; }

protected:
  ~hosted_job() = default;

  void prefetch_work() const noexcept {
    if (works_on_) prefetch(works_on_, 512);
    if (works_also_on_) prefetch(works_also_on_, 320);
  }

  const void* works_on_ = nullptr;
  const void* works_also_on_ = nullptr;
  const express_lane* lane_ = nullptr;
  static inline constinit thread_local hosted_job* running_ = nullptr;
};

/// The state of the actor whose handler runs. For a behavior that all actors of a kind share: one of its own
/// would take 40 bytes a handler of each, and be out of the processor's cache whenever it is needed.
/// @tparam Pointer A hosted_pointer, of that kind.
template <class Pointer>
auto& running_state() noexcept {
  return static_cast<Pointer>(hosted_job::running())->state;
}

/// Whether an actor has a receive timeout or streams.
[[nodiscard]] bool is_timed(caf::scheduled_actor& self);

/// As CAF's own resume() of an active actor without these: for them it asks the clock each time, and here hardly
/// anybody has them.
/// @param ever Whether it may get them meanwhile.
caf::resumable::resume_result resume_untimed(caf::scheduled_actor& self, std::size_t most, bool ever);

/// Mixin over event_based_actor or typed_event_based_actor: whoever sends and wherever from, the actor
/// resumes on the host given in its actor_config.
template <class Base>
class hosted : public Base, public hosted_job {
public:
  explicit hosted(caf::actor_config& cfg)
    : Base(cfg), host_(static_cast<host&>(*cfg.host)), meter_(host_.figures()->actors) {}

  using Base::enqueue;
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit* from) override {
    if (from == &host_) meter_->enqueued_here(); // so this is the host's thread
    else meter_->enqueued_elsewhere();
    if (this->mailbox().closed()) meter_.lost(meters::letter_to(*this, *meter_, *element));
    Base::enqueue(std::move(element), &host_);
  }

  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    meter_.show(this->id(), this->name(), host_.real_now().time_since_epoch().count());
    Base::launch(&host_, lazy, hide);
  }

  bool cleanup(caf::error&& reason, caf::execution_unit* unit) override {
    meter_.hide();
    return Base::cleanup(std::move(reason), unit);
  }

  caf::resumable::resume_result resume(caf::execution_unit* unit, std::size_t most) override {
    prefetch_work();
    if (!this->activate(unit)) return caf::resumable::done;
    if (lane_) return resume_untimed(*this, most, false);
    return is_timed(*this) ? Base::resume(unit, most) : resume_untimed(*this, most, true);
  }

  // CAF's name for "not for the scheduler's workers".
  caf::resumable::subtype_t subtype() const override { return caf::resumable::io_actor; }

  caf::resumable* as_resumable() noexcept final { return this; }

  /// The loop this actor lives on.
  [[nodiscard]] host& home() noexcept { return host_; }

  [[nodiscard]] meters::actor_meter& meter() noexcept final { return meter_; }

  // Every message passes here: the one place where handlers are measured.
  caf::invoke_message_result consume(caf::mailbox_element& element) override {
    running_ = this;
    if (auto* traces = host_.tracer())
      traces->see(element, {.actor = this->id(), .kind = meter_->kind(), .who = meter_->who()});
    if constexpr (!meters::enabled) return handle(element);
    try {
      const auto result = handle(element);
      if (result == caf::invoke_message_result::skipped) return result; // it comes again
      meter_->handled(meters::type_of(element), host_.lap());
      return result;
    } catch (...) {
      meter_->handled(meters::type_of(element), host_.lap());
      meter_->failed();
      throw;
    }
  }

private:
  caf::invoke_message_result handle(caf::mailbox_element& element) {
    // One that awaits an answer takes nothing else: CAF sees to that.
    if (!lane_ || &typeid(element) != lane_->carrier || !this->awaited_responses_.empty() || !this->has_behavior())
      return Base::consume(element);
    this->current_element_ = &element;
    lane_->handle(*this, element);
    return caf::invoke_message_result::consumed;
  }

  host& host_;
  meters::actor_meter meter_;
};

/// `self` of a hosted actor with interface Handle and state class State.
template <class Handle, class State>
using hosted_pointer = caf::stateful_actor<State, hosted<typename Handle::base>>*;

/// For spawn_on(): `Impl` is the actor's class.
template <class Impl, class Self, class Behavior, class... Params, class... Args>
auto spawn_hosted(host& home, Behavior (*fun)(Self*, Params...), Args&&... args) {
  caf::actor_config cfg{&home};
  if constexpr (sizeof...(Args) == 0) {
    auto* init = behavior_of<Behavior, Self>;
    cfg.init_fun = caf::detail::init_fun_factory<Impl, decltype(init)>{}(init, fun);
  } else {
    cfg.init_fun = caf::detail::init_fun_factory<Impl, decltype(fun)>{}(fun, std::forward<Args>(args)...);
  }
  return home.system().template spawn_impl<Impl, caf::no_spawn_options>(cfg);
}

/// Spawns the actor whose behavior is `fun(self, args...)` on `home`. Thread: any, as long as the host
/// is not torn down. `Handle` and `State` are deduced from the type of `self`.
template <class State, class Base, class Behavior, class... Params, class... Args>
auto spawn_on(host& home, Behavior (*fun)(caf::stateful_actor<State, hosted<Base>>*, Params...),
              Args&&... args) {
  return spawn_hosted<caf::stateful_actor<State, hosted<Base>>>(home, fun, std::forward<Args>(args)...);
}

/// As above for an actor that does not know that it is hosted: `fun` takes `Self*`, of any event-based
/// actor class, and could be given to caf::actor_system::spawn() as well.
template <class Self, class Behavior, class... Params, class... Args>
auto spawn_on(host& home, Behavior (*fun)(Self*, Params...), Args&&... args) {
  return spawn_hosted<hosted<Self>>(home, fun, std::forward<Args>(args)...);
}

} // namespace troupe
