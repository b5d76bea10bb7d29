// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/observer_keeper.hpp>

#include <limits>
#include <utility>

namespace troupe::hooks {

namespace {

using namespace std::chrono_literals;

constexpr auto no_deadline = std::chrono::hours{24 * 365}; // a fact that is given up might be told twice
constexpr auto last_patience = 1s;
constexpr centrifuge::event_order::bounds order_bounds;

} // namespace

observer_keeper_state::observer_keeper_state(pointer self)
  : self_(self), timer_([](void* state) {
      auto* owner = static_cast<observer_keeper_state*>(state)->self_;
      owner->send(owner, keeper_due{});
    }, this), kept_(self), order_(order_bounds) {}

observer_keeper_actor::behavior_type observer_keeper_state::make_behavior(settings with) {
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { kept_.on_down(m); });
  sources_ = {with.registry, with.channels};
  with.options.deadline = no_deadline;
  with.options.max_pending = 1; // it is told one at a time
  with.options.max_pending_bytes = std::numeric_limits<std::size_t>::max();
  kept_.start(std::move(with));
  // Behind what has come by now.
  self_->set_exit_handler([this](const caf::exit_msg& m) { self_->send(self_, last_call{m.reason}); });
  return {
    [this](hand_over& m) { kept_.keep(m); },
    [this](const connection_events& m) {
      return on_batch(m, {.of_connections = m.missed - m.missed_refusals});
    },
    [this](const centrifuge::channel_changes& m) { return on_batch(m, {.of_channels = m.missed}); },
    [this](const keeper_due&) { on_due(); },
    [this](const last_call& m) { on_last_call(m); },
  };
}

template <class Batch>
observer_keeper_state::answer observer_keeper_state::on_batch(const Batch& m, const missed& lost) {
  auto promise = self_->make_response_promise<noted>();
  if (gave_up_) return promise.deliver(noted{});
  if (lost.of_connections + lost.of_channels != 0) facts_.emplace_back(lost);
  queue(order_.add(m, self_->home().now()));
  owed_.push_back(promise);
  go_on();
  see_to_order();
  return promise;
}

void observer_keeper_state::queue(ordered events) {
  for (auto& each : events) facts_.emplace_back(std::move(each));
}

struct observer_keeper_state::teller {
  observer_keeper_state* by;
  void operator()(const centrifuge::event_order::event& m) const { std::visit(*this, m); }
  void operator()(const connection_event& m) const { std::visit(*this, m); }
  void operator()(const centrifuge::channel_change& m) const { std::visit(*this, m); }
  void operator()(const connection_refused&) const {} // never was a client
  void operator()(const auto& m) const { by->tell(m); }
};

void observer_keeper_state::go_on() {
  while (!is_telling_ && !facts_.empty()) {
    const auto next = std::move(facts_.front());
    facts_.pop_front();
    std::visit(teller{this}, next);
  }
  if (is_telling_) return;
  for (auto& each : std::exchange(owed_, {})) each.deliver(noted{});
  if (ending_) kept_.end(*ending_);
}

template <class Fact>
void observer_keeper_state::tell(const Fact& m) {
  is_telling_ = true;
  kept_.ask<void>(
    m, sizeof(Fact), {}, [this] { on_told({}); }, [this](failure why) { on_told(why); });
}

void observer_keeper_state::on_told(std::optional<failure> why) {
  is_telling_ = false;
  if (why == failure::gave_up) {
    gave_up_ = true;
    facts_.clear();
  }
  go_on();
}

void observer_keeper_state::on_due() {
  const auto now = self_->home().now();
  kept_.due();
  if (owed_.empty()) { // else what they wait for may not have been sent
    queue(order_.expire(now));
    go_on();
  }
  if (ending_ && now >= ends_by_) kept_.end(*ending_);
  see_to_order();
}

void observer_keeper_state::on_last_call(const last_call& m) {
  if (ending_) return;
  queue(order_.release());
  ending_ = m.reason;
  ends_by_ = self_->home().now() + last_patience;
  self_->home().timers().arm(timer_, ends_by_);
  go_on();
}

void observer_keeper_state::see_to_order() {
  if (order_.waiting() != 0 && !timer_.armed())
    self_->home().timers().arm(timer_, self_->home().now() + order_bounds.patience);
  if (!order_.wants_sync()) return;
  order_.begin_sync();
  sources_.sync(self_, [this] {
    queue(order_.end_sync());
    go_on();
    see_to_order();
  });
}

observer_keeper_actor::behavior_type observer_keeper(observer_keeper_state::pointer self,
                                                     observer_keeper_state::settings with) {
  return self->state.make_behavior(std::move(with));
}

} // namespace troupe::hooks
