#include "greeter.hpp"

#include <troupe/server.hpp>

int main(int argc, char** argv) {
  using namespace troupe;
  return serve({.listen = {.port = port_argument(argc, argv)}},
               {.routes = {{.path = "/greet", .actor = hooks::on_scheduler(greeter)}}});
}
