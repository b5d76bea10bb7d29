// ECHO: the smallest server with an actor of its own. What a client says at /echo comes back, with a number.
//
//   echo [PORT]
#include <troupe/server.hpp>

#include <fmt/format.h>

#include <string>

namespace {

using namespace troupe;

// snippet: echo
struct echo_state {
  std::uint64_t messages = 0;
};

hooks::route_actor::behavior_type echo(hooks::route_actor::stateful_pointer<echo_state> self) {
  return {
    [](const hooks::opened& m) { return hooks::answer::text("welcome, " + m.what.address); },
    [self](const hooks::message& m) {
      return hooks::answer::text(fmt::format("{}: {}", ++self->state.messages, m.what.payload()));
    },
    [](const hooks::closed&) {},
  };
}
// end

} // namespace

// snippet: main
int main(int argc, char** argv) {
  return serve({.listen = {.port = port_argument(argc, argv)}},
               {.routes = {{.path = "/echo", .actor = hooks::on_scheduler(echo)}}});
}
// end
