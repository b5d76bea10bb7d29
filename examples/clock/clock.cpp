// CLOCK: a program of its own on Troupe's libraries. Clients that open /ws/clock are told the time once a
// second by an actor of this program; everything else works as in the stock server.
//
//   clock PORT
#include <troupe/net/server.hpp>
#include <troupe/net/signal_queue.hpp>
#include <troupe/net/signals.hpp>
#include <troupe/type_ids.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <fmt/chrono.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

// The actor's own message. IDs of a program's messages start where Troupe's end.
struct tick {};
CAF_BEGIN_TYPE_ID_BLOCK(clock_example, ::troupe::first_type_id)
  CAF_ADD_TYPE_ID(clock_example, (tick))
CAF_END_TYPE_ID_BLOCK(clock_example)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tick)

/// Tells the group "clock" the time once a second. Runs on CAF's scheduler, not on a loop.
caf::behavior clock_actor(caf::event_based_actor* self, const troupe::registry_actor& registry) {
  self->send(self, tick{});
  return {[self, registry](const tick&) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    self->send(registry,
               troupe::broadcast{.to = troupe::target::group("clock"),
                                 .message = troupe::frame::encode(troupe::opcode::text,
                                                                  fmt::format("{:%H:%M:%S}", now))});
    self->delayed_send(self, std::chrono::seconds{1}, tick{});
  }};
}

int main(int argc, char** argv) {
  troupe::net::prepare_signals(); // before threads start: they inherit it
  troupe::net::signal_queue signals;
  const troupe::net::signal_watch watch{[&](int signal) { signals.push(signal); }};

  caf::actor_system_config config;
  caf::actor_system system{config};
  troupe::net::server_options options;
  options.listen.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8000);
  troupe::net::server server{system, options};
  const auto clock = system.spawn(clock_actor, server.registry());
  fmt::print("open ws://localhost:{}/ws/clock\n", server.port());
  std::fflush(stdout);

  signals.pop();
  caf::anon_send_exit(clock, caf::exit_reason::user_shutdown); // it holds the registry's handle
  server.stop();
  return server.join() ? 0 : 1;
}
