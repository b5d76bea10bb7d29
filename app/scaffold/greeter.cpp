#include "greeter.hpp"

#include <chrono>

using namespace troupe;

greeter_actor::behavior_type greeter(greeter_actor::stateful_pointer<greeter_state> self,
                                     const hooks::birth& born) {
  for (const auto& guest : born.present) self->state.guests.emplace(guest.id, guest.who);
  const auto listen = [self] {
    self->delayed_send(self, std::chrono::seconds{10}, silence{self->state.messages});
  };
  return {
    [self, listen](const hooks::opened& m) {
      self->state.guests.emplace(m.what.id, m.what.who);
      listen();
      return hooks::answer::text("hello");
    },
    [self, listen](const hooks::message& m) {
      ++self->state.messages;
      listen();
      return hooks::answer::text("you said: " + std::string{m.what.payload()});
    },
    [self](const hooks::closed& m) { self->state.guests.erase(m.id); },
    [self](const silence& m) {
      if (m.since != self->state.messages) return; // somebody spoke meanwhile
      for (const auto& [id, who] : self->state.guests)
        hooks::send_to(self, who, frame::encode(opcode::text, "goodbye"));
    },
  };
}
