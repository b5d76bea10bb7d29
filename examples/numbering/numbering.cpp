// NUMBERING: the smallest program with a channel actor of its own. It numbers what is said in its channels.
//
//   numbering [PORT]

// snippet: program
#include <troupe/server.hpp>

#include <fmt/format.h>

using namespace troupe;

struct numbers_state {
  int last = 0;
};

hooks::namespace_actor::behavior_type numbers(hooks::namespace_actor::stateful_pointer<numbers_state> self) {
  return {
    [](const hooks::subscribe&) { return hooks::admission::granted(); },
    [self](const hooks::publish& m) {
      if (!m.data.is_json) return hooks::ruling::refuse(centrifuge::error_code::bad_request);
      const auto n = ++self->state.last;
      return hooks::ruling::changed(payload_of(fmt::format(R"({{"n":{},"said":{}}})", n, m.data.bytes)));
    },
    [](const hooks::read_channel&) { return hooks::view::as_it_is(); },
    [](const hooks::entered&) {},
    [](const hooks::left&) {},
  };
}

int main(int argc, char** argv) {
  net::server_options options;
  options.listen.port = port_argument(argc, argv);
  options.client.insecure = true; // no tokens, and everybody may subscribe and publish
  options.channels.namespaces = {{"numbers", {}}};
  return serve(options, {.namespaces = {{.name = "numbers", .actor = hooks::on_scheduler(numbers)}}});
}
// end
