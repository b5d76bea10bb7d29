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
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/intrusive/inbox_result.hpp>
#include <caf/mailbox_element.hpp>
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
  /// As of that.
  virtual caf::resumable::resume_result resume(caf::execution_unit* unit, std::size_t most) = 0;
  /// What others see of the actor.
  [[nodiscard]] meters::actor_meter& meter() noexcept { return meter_; }

  /// Tells what its handlers touch besides the actor, such as its connection: fetched into the processor's cache
  /// before it resumes. Only that: it may be gone meanwhile. nullptr: nothing.
  void works_on(const void* what) noexcept { works_on_ = what; }
  /// Likewise for something small, such as its only subscription.
  void works_also_on(const void* what) noexcept { works_also_on_ = what; }

  /// Hands messages of these lanes' types that travel express to their handlers. The behavior keeps one for those that come
  /// in the usual way. Promises that the actor never has a receive timeout, nor streams, and skips nothing.
  /// @param lanes As express_lanes<...>::of, up to one without a carrier.
  void expects(const express_lane* lanes) noexcept { lanes_ = lanes; }

  // Hints, as in prefetch.hpp: each has the processor fetch what is touched next. Where one needs to read what an earlier
  // one fetched, it should come some actors later.
  void prefetch_to_send() const noexcept;   ///< What a message to it touches.
  void prefetch_meter() const noexcept;     ///< What is written of it; reads what the above fetches.
  void prefetch_to_resume() const noexcept; ///< What it touches itself when it resumes.
  void prefetch_work() noexcept;            ///< What its handlers touch; reads what the above fetches.

  /// Ends the actor's turn with the handler that runs: whom it made ready comes before its next message. Not for one with
  /// a receive timeout or streams.
  static void yield() noexcept { handled_ = all_of_a_turn; }

  /// Whose handler this thread runs, or ran last.
  [[nodiscard]] static hosted_job* running() noexcept { return running_; }

protected:
  explicit hosted_job(host& home) : meter_(home.figures()->actors) {}
  ~hosted_job() = default;

  meters::actor_meter meter_;
  const void* works_on_ = nullptr;
  const void* works_also_on_ = nullptr;
  const express_lane* lanes_ = nullptr;
  caf::mailbox_element_ptr waiting_; // one of its lanes that came while it was idle: before all that is in the mailbox
  static inline constinit thread_local hosted_job* running_ = nullptr;
  static constexpr std::size_t all_of_a_turn = ~std::size_t{0} / 2; // more than anybody may, and one can be added
  static inline constinit thread_local std::size_t handled_ = 0; // messages of this turn of an actor

private:
  // Of the actor, in CAF 0.17.
  static constexpr std::size_t behaviors_at = 512;
  [[nodiscard]] const std::byte* start() const noexcept {
    return reinterpret_cast<const std::byte*>(this) - sizeof(caf::event_based_actor);
  }
};

/// Blocks the mailbox of an actor that has handled all, unless something has come since. CAF's own would first look at the
/// queues behind it, which are several cache lines.
/// @param self Whose queues are known to be empty.
[[nodiscard]] bool try_block_inbox(caf::scheduled_actor& self) noexcept;

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
/// @param handled What counts messages: those so far.
caf::resumable::resume_result resume_untimed(caf::scheduled_actor& self, std::size_t& handled, std::size_t most, bool ever);

/// Mixin over event_based_actor or typed_event_based_actor: whoever sends and wherever from, the actor
/// resumes on the host given in its actor_config.
template <class Base>
class hosted : public Base, public hosted_job {
public:
  explicit hosted(caf::actor_config& cfg)
    : Base(cfg), hosted_job(static_cast<host&>(*cfg.host)), host_(static_cast<host&>(*cfg.host)) {}

  using Base::enqueue;
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit* from) override {
    const bool here = from == &host_; // on the host's thread
    if (here) meter_->enqueued_here();
    else meter_->enqueued_elsewhere();
    if (here && lane_of(*element) && this->mailbox().try_unblock()) { // it was idle, and is not any more
      waiting_ = std::move(element);
      return get_ready();
    }
    if (this->mailbox().closed()) meter_.lost(meters::letter_to(*this, *meter_, *element));
    const auto asks = element->mid.is_request() ? element->sender : nullptr;
    const auto id = element->mid;
    const auto result = this->mailbox().push_back(std::move(element));
    if (result == caf::intrusive::inbox_result::unblocked_reader) get_ready();
    else if (result == caf::intrusive::inbox_result::queue_closed && asks)
      caf::detail::sync_request_bouncer{caf::error{}}(asks, id); // tells it that we are gone
  }

  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    meter_.show(this->id(), this->name(), host_.real_now().time_since_epoch().count());
    Base::launch(&host_, lazy, hide);
  }

  bool cleanup(caf::error&& reason, caf::execution_unit* unit) override {
    meter_.hide();
    waiting_ = nullptr;
    return Base::cleanup(std::move(reason), unit);
  }

  caf::resumable::resume_result resume(caf::execution_unit* unit, std::size_t most) override {
    if (!this->activate(unit)) return caf::resumable::done;
    handled_ = 0;
    if (auto first = std::move(waiting_); first && takes_express()) { // as CAF's loop below would
      ++handled_;
      if (this->reactivate(*first) == caf::scheduled_actor::activation_result::terminated) return caf::resumable::done;
      first = nullptr;
      if (try_block_inbox(*this)) return caf::resumable::awaiting_message;
    } else if (first) {
      this->mailbox().queue().push_back(std::move(first)); // the inbox has those that came since
    }
    if (lanes_) return resume_untimed(*this, handled_, most, false);
    return is_timed(*this) ? Base::resume(unit, most) : resume_untimed(*this, handled_, most, true);
  }

  // CAF's name for "not for the scheduler's workers".
  caf::resumable::subtype_t subtype() const override { return caf::resumable::io_actor; }

  caf::resumable* as_resumable() noexcept final { return this; }

  /// The loop this actor lives on.
  [[nodiscard]] host& home() noexcept { return host_; }

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
  void get_ready() {
    intrusive_ptr_add_ref(this->ctrl());
    host_.ready(*this);
  }

  // Null: there is none, or the message came in the usual way.
  [[nodiscard]] const express_lane* lane_of(const caf::mailbox_element& element) const noexcept {
    const auto* lane = lanes_;
    if (!lane) return nullptr;
    const auto* carrier = &typeid(element);
    while (lane->carrier != carrier)
      if (!(lane++)->carrier) return nullptr;
    return lane;
  }

  // One that awaits an answer takes nothing else: CAF sees to that.
  [[nodiscard]] bool takes_express() const noexcept { return this->awaited_responses_.empty() && this->has_behavior(); }

  caf::invoke_message_result handle(caf::mailbox_element& element) {
    const auto* lane = lane_of(element);
    if (!lane || !takes_express()) return Base::consume(element);
    this->current_element_ = &element;
    lane->handle(*this, element);
    return caf::invoke_message_result::consumed;
  }

  host& host_;
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
