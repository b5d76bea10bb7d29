// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/command.hpp"

#include <fmt/format.h>

namespace troupe::app {

std::string_view version() { return TROUPE_VERSION; }

void add_version(CLI::App& app, action& selected) {
  static const auto text = fmt::format("troupe {}", version());
  app.set_version_flag("--version", text, "Print the version");
  app.add_subcommand("version", "Print the version")->callback([&selected] {
    selected = [] { return print(text + '\n'); };
  });
}

} // namespace troupe::app
