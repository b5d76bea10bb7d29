// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/command.hpp"
#include "app/options.hpp"

#include <memory>

namespace troupe::app {

void add_gen_config(CLI::App& app, action& selected) {
  auto* command = app.add_subcommand("gen-config", "Print a configuration file with every default");
  auto markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *markdown, "Print the options as a Markdown table instead");
  command->callback([markdown, &selected] {
    selected = [markdown] { return print(*markdown ? options_markdown() : default_config()); };
  });
}

} // namespace troupe::app
