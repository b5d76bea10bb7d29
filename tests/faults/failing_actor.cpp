// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// FAILING ACTOR: a server whose actor at /failing throws what it is told to and echoes the rest, for fault 21.
//
//   failing_actor PORT ADMIN_PORT
#include <troupe/server.hpp>

#include <new>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace {

using namespace troupe;

void fail(std::string_view how) {
  if (how == "runtime_error") throw std::runtime_error{"told to"};
  if (how == "bad_alloc") throw std::bad_alloc{};
  if (how == "int") throw 7;
}

hooks::route_actor::behavior_type failing(hooks::route_actor::pointer) {
  return {
    [](const hooks::opened&) { return hooks::answer{}; },
    [](const hooks::message& m) {
      fail(m.what.payload());
      return hooks::answer{.replies = {m.what}};
    },
    [](const hooks::closed&) {},
  };
}

} // namespace

int main(int argc, char** argv) {
  net::server_options options;
  options.listen = {.address = "127.0.0.1", .port = port_argument(argc, argv)};
  options.admin.port = port_argument(argc - 1, argv + 1);
  return serve(std::move(options), {.routes = {{.path = "/failing",
                                                .actor = hooks::on_loop(failing),
                                                .keeping = {.restart = hooks::restart_strategy::always()}}}});
}
