// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// METERED: actors that run on CAF's scheduler or a thread of their own, measured as those on loops are. They are
// told among the actors of the loop whose meters they are given; its thread has nothing to do with them.
#pragma once
#include <troupe/behavior_of.hpp>
#include <troupe/meters/loop_meters.hpp>
#include <troupe/meters/message_type.hpp>
#include <troupe/meters/ticks.hpp>

#include <caf/actor_system.hpp>
#include <caf/detail/init_fun_factory.hpp>
#include <caf/invoke_message_result.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace troupe {

struct metered_config : caf::actor_config {
  explicit metered_config(std::shared_ptr<meters::loop_meters> of) : among(std::move(of)) {}
  std::shared_ptr<meters::loop_meters> among;
};

/// Mixin over event-based actors. Its figures are written by whichever thread runs it: one at a time.
template <class Base>
class metered : public Base {
public:
  /// @param cfg A metered_config.
  explicit metered(caf::actor_config& cfg)
    : Base(cfg), meter_(static_cast<metered_config&>(cfg).among->elsewhere) {}

  using Base::enqueue;
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit* from) override {
    meter_->enqueued_elsewhere();
    if (this->mailbox().closed()) meter_.lost(meters::letter_to(*this, *meter_, *element));
    Base::enqueue(std::move(element), from);
  }

  void launch(caf::execution_unit* on, bool lazy, bool hide) override {
    meter_.show(this->id(), this->name(), std::chrono::steady_clock::now().time_since_epoch().count());
    Base::launch(on, lazy, hide);
  }

  bool cleanup(caf::error&& reason, caf::execution_unit* unit) override {
    meter_.hide();
    return Base::cleanup(std::move(reason), unit);
  }

  caf::invoke_message_result consume(caf::mailbox_element& element) override {
    if constexpr (!meters::enabled) return Base::consume(element);
    const auto* type = meters::type_of(element);
    const auto began = meters::ticks();
    try {
      const auto result = Base::consume(element);
      if (result != caf::invoke_message_result::skipped) meter_->handled(type, meters::ticks() - began);
      return result;
    } catch (...) {
      meter_->handled(type, meters::ticks() - began);
      meter_->failed();
      throw;
    }
  }

private:
  meters::actor_meter meter_;
};

/// As caf::actor_system::spawn() of a function that takes `self` of an event-based actor.
template <caf::spawn_options Os = caf::no_spawn_options, class Self, class Behavior, class... Params, class... Args>
auto spawn_metered(caf::actor_system& system, std::shared_ptr<meters::loop_meters> among,
                   Behavior (*fun)(Self*, Params...), Args&&... args) {
  using impl = metered<Self>;
  metered_config cfg{std::move(among)};
  if constexpr (sizeof...(Args) == 0) {
    auto* init = behavior_of<Behavior, Self>;
    cfg.init_fun = caf::detail::init_fun_factory<impl, decltype(init)>{}(init, fun);
  } else {
    cfg.init_fun = caf::detail::init_fun_factory<impl, decltype(fun)>{}(fun, std::forward<Args>(args)...);
  }
  return system.template spawn_impl<impl, Os>(cfg);
}

} // namespace troupe
