// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// BACKEND: asks webhooks what clients may do, for CLIENTS; and WEB METHOD, which answers their calls by one, as any
// actor of a method does.
// Thread: CAF's scheduler, never a loop; neither waits. Owner: the server; the web method's is its KEEPER.
// Bounded by: the ASKER's bounds. End when: told to exit.
#pragma once
#include <troupe/centrifuge/backend.hpp>
#include <troupe/hooks/messages.hpp>
#include <troupe/net/webhooks/asker.hpp>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <optional>

namespace troupe::net::webhooks {

struct backend_settings {
  asker_settings asking;
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

class backend_state {
public:
  static constexpr const char* name = "backend";
  using handle = troupe::centrifuge::backend_actor::extend<caf::reacts_to<hook_answered>>;
  using pointer = handle::stateful_pointer<backend_state>;

  explicit backend_state(pointer self) : self_(self) {}

  handle::behavior_type make_behavior(backend_settings settings);

private:
  /// `read(envelope)` gives the ruling, or nothing if the answer makes no sense: then it is `otherwise`.
  template <class Ruling, class Question, class F>
  caf::typed_response_promise<Ruling> consult(hook about, const Question& m, web::delivery repeat,
                                              Ruling otherwise, F read);

  pointer self_;
  std::function<std::chrono::system_clock::time_point()> now_;
  std::optional<asker> asker_;
};

/// Spawn with system.spawn(backend, settings).
backend_state::handle::behavior_type backend(backend_state::pointer self, backend_settings settings);

class web_method_state {
public:
  static constexpr const char* name = "web_method";
  using handle = hooks::method_actor::extend<caf::reacts_to<hook_answered>>;
  using pointer = handle::stateful_pointer<web_method_state>;

  explicit web_method_state(pointer self) : self_(self) {}

  handle::behavior_type make_behavior(asker_settings settings);

private:
  caf::typed_response_promise<hooks::call_result> on_call(const hooks::call& m);

  pointer self_;
  std::optional<asker> asker_;
};

/// For a method: hooks::on_scheduler(web_method, settings).
web_method_state::handle::behavior_type web_method(web_method_state::pointer self, asker_settings settings);

} // namespace troupe::net::webhooks
