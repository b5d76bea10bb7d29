// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/help.hpp"

#include "app/console/commands.hpp"

namespace troupe::app::console {

answer help(std::string_view command) {
  using enum column_type;
  if (command.empty()) {
    table all{{}, {{"command", text}, {"for", text}, {"what it does", text}}, {}};
    for (const auto& each : commands())
      all.rows.push_back({std::string{each.name}, std::string{to_string(each.needs)}, std::string{each.help}});
    return answer::of(std::move(all));
  }
  const auto& found = command_named(command);
  table one;
  add_detail(one, "syntax", text, found.syntax());
  add_detail(one, "what it does", text, std::string{found.help});
  add_detail(one, "for", text, std::string{to_string(found.needs)});
  add_detail(one, "example", text, std::string{found.example});
  return answer::of(std::move(one));
}

} // namespace troupe::app::console
