// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/command.hpp"
#include "app/command_line.hpp"
#include "bench/command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>

namespace {

int fail(std::string_view message) {
  std::fputs(fmt::format("troupe: {}\n", message).c_str(), stderr);
  return troupe::app::exit_code::unusable;
}

} // namespace

int main(int argc, char** argv) {
  using namespace troupe::app;
  CLI::App app{"Troupe: actor-model real-time WebSocket server", "troupe"};
  app.require_subcommand(1);
  action selected;
  add_serve(app, selected);
  add_check_config(app, selected);
  add_gen_config(app, selected);
  add_console(app, selected);
  add_doctor(app, selected);
  add_new(app, selected);
  add_gen_token(app, selected);
  add_check_token(app, selected);
  add_gen_sub_token(app, selected);
  add_check_sub_token(app, selected);
  add_version(app, selected);
  add_bench(app, selected);
  try {
    app.parse(argc, argv);
    return selected();
  } catch (const CLI::Success& success) { // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return fail(explain(app, error));
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
