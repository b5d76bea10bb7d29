// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/command.hpp"
#include "app/command_line.hpp"

#include <memory>

namespace troupe::app {

void add_check_config(CLI::App& app, action& selected) {
  auto* command = app.add_subcommand(
      "check-config", "Check file, environment and flags as serve would take them, and exit");
  auto line = std::make_shared<command_line>(*command);
  command->callback([line, &selected] {
    selected = [line] {
      (void)line->load();
      return print("The configuration is valid.\n");
    };
  });
}

} // namespace troupe::app
