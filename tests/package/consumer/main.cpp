// A server in an outside project: listens, broadcasts to whoever is connected, asks what became of it.
#include <troupe/net/server.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstdio>

int main() {
  caf::actor_system_config config;
  caf::actor_system system{config};
  troupe::net::server_options options;
  options.listen.address = "127.0.0.1";
  options.listen.port = 0;
  troupe::net::server server{system, options};

  const auto hello = troupe::frame::encode(troupe::opcode::text, "hello");
  bool answered = false;
  caf::scoped_actor self{system};
  self->request(server.registry(), std::chrono::seconds{5},
                troupe::confirm_broadcast{{.to = troupe::target::everyone(), .message = hello}})
    .receive([&](const troupe::receipt& r) { answered = r.matched == 0; },
             [&](const caf::error& e) { std::puts(system.render(e).c_str()); });

  std::printf("port %d, %zu loops, %s\n", server.port(), server.loop_count(), answered ? "answered" : "no answer");
  server.stop();
  return server.join() && answered ? 0 : 1;
}
