// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/webhooks/backend.hpp>

#include <caf/send.hpp>

#include <utility>

namespace troupe::net::webhooks {

using namespace troupe::centrifuge;

namespace {

constexpr auto no_sense = "the answer makes no sense";

/// What a client gets for a webhook that does not answer.
denial try_again() { return {error_result{error_code::internal}, {}}; }

/// Tells an actor, without keeping it alive.
template <class Handle>
std::function<void(hook_answered)> teller_of(const caf::actor_addr& to) {
  return [to](hook_answered m) {
    if (const auto alive = caf::actor_cast<Handle>(to)) caf::anon_send(alive, std::move(m));
  };
}

} // namespace

backend_state::handle::behavior_type backend_state::make_behavior(backend_settings settings) {
  now_ = std::move(settings.now);
  asker_.emplace(std::move(settings.asking), teller_of<handle>(self_->address()));
  using internal::envelope;
  using web::delivery;
  return {
    [this](const ask_connect& m) {
      return consult(hook::connect, m, delivery::repeatable, connect_ruling{try_again()},
                     [this](const envelope& e) { return internal::as_connect(e, now_()); });
    },
    [this](const ask_refresh& m) {
      return consult(hook::refresh, m, delivery::repeatable, refresh_ruling{no_answer{}},
                     [this](const envelope& e) { return internal::as_refresh(e, now_()); });
    },
    [this](const ask_subscribe& m) {
      return consult(hook::subscribe, m, delivery::repeatable, subscribe_ruling{try_again()},
                     [this](const envelope& e) { return internal::as_subscribe(e, now_()); });
    },
    [this](const ask_publish& m) {
      return consult(hook::publish, m, delivery::at_most_once, publish_ruling{try_again()}, internal::as_publish);
    },
    [this](const ask_sub_refresh& m) {
      return consult(hook::sub_refresh, m, delivery::repeatable, refresh_ruling{no_answer{}},
                     [this](const envelope& e) { return internal::as_refresh(e, now_()); });
    },
    [this](const hook_answered& m) { asker_->on_answered(m, self_->clock().now()); },
  };
}

template <class Ruling, class Question, class F>
caf::typed_response_promise<Ruling> backend_state::consult(hook about, const Question& m, web::delivery repeat,
                                                           Ruling otherwise, F read) {
  auto promise = self_->template make_response_promise<Ruling>();
  asker_->ask(about, internal::text_of(m, asker_->options()), m.who.headers.get(), repeat, self_->clock().now(),
              [this, about, promise, otherwise = std::move(otherwise), read](std::optional<internal::envelope> e) mutable {
                if (!e) return void(promise.deliver(std::move(otherwise)));
                auto ruling = read(*e);
                if (!ruling) asker_->complain(about, no_sense);
                promise.deliver(ruling ? *std::move(ruling) : std::move(otherwise));
              });
  return promise;
}

backend_state::handle::behavior_type backend(backend_state::pointer self, backend_settings settings) {
  return self->state.make_behavior(std::move(settings));
}

// -- calls ---

web_method_state::handle::behavior_type web_method_state::make_behavior(asker_settings settings) {
  asker_.emplace(std::move(settings), teller_of<handle>(self_->address()));
  return {
    [this](const hooks::call& m) { return on_call(m); },
    [this](const hook_answered& m) { asker_->on_answered(m, self_->clock().now()); },
  };
}

caf::typed_response_promise<hooks::call_result> web_method_state::on_call(const hooks::call& m) {
  auto promise = self_->make_response_promise<hooks::call_result>();
  asker_->ask(hook::rpc, internal::text_of(m, asker_->options()), m.headers.get(), web::delivery::at_most_once,
              self_->clock().now(), [this, promise](std::optional<internal::envelope> e) mutable {
                auto result = e ? internal::as_call(*e) : std::nullopt;
                if (e && !result) asker_->complain(hook::rpc, no_sense);
                promise.deliver(result ? *std::move(result) : hooks::call_result::fail(error_code::internal));
              });
  return promise;
}

web_method_state::handle::behavior_type web_method(web_method_state::pointer self, asker_settings settings) {
  return self->state.make_behavior(std::move(settings));
}

} // namespace troupe::net::webhooks
