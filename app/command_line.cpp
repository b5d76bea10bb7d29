// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/command_line.hpp"

#include "app/escape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <unistd.h>

namespace troupe::app {

namespace {

CLI::Option* add_text_option(CLI::App& command, const std::string& names, const std::string& text) {
  // The value is read from the option itself after parsing, when its source is known too.
  const CLI::callback_t keep = [](const CLI::results_t&) { return true; };
  auto* added = command.add_option(names, keep, text);
  return added->type_name("VALUE")->expected(1);
}

} // namespace

command_line::command_line(CLI::App& command)
    : command_{command},
      config_{add_text_option(command, "--config", "Configuration file in TOML")
                  ->type_name("FILE")
                  ->envname("TROUPE_CONFIG")} {
  const settings defaults;
  for (const auto& option : options()) {
    auto names = option.flag();
    for (const auto& alias : option.aliases)
      names += ',' + alias;
    const auto help = fmt::format("{} Takes {}.", option.text, option.accepts);
    auto* flag = add_text_option(command, names, help);
    flag->envname(option.variable())->default_str(option.get(defaults))->group(option.section());
    flags_.emplace_back(&option, flag);
  }
}

settings command_line::load() const {
  check_environment(::environ);
  configuration result;
  if (config_->count() > 0)
    read_config_file(config_->results().back(), result);
  for (const auto& [option, flag] : flags_)
    if (flag->count() > 0)
      result.set(*option, flag->results().back(),
                 is_from_environment(flag) ? option->variable() : option->flag());
  result.validate();
  return result.values();
}

bool command_line::is_from_environment(const CLI::Option* flag) const {
  const auto& given = command_.parse_order();
  return std::find(given.begin(), given.end(), flag) == given.end();
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  constexpr std::size_t max_bytes = 1024;
  const auto leftovers = app.remaining(true);
  const auto unknown = leftovers.empty() ? std::string{} : leftovers.front();
  if (app.get_subcommands().empty()) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(command->get_name());
    return fmt::format("expected a subcommand ({}){}", fmt::join(names, ", "),
                       unknown.empty() ? "" : ", got " + in_quotes(unknown));
  }
  if (!unknown.empty()) {
    const bool takes_options =
        app.get_subcommands().front()->get_option_no_throw("--config") != nullptr;
    auto flag = [](const option& o) { return o.flag(); };
    return fmt::format("{}: no such argument{}", escaped(unknown),
                       takes_options ? suggestion(unknown.substr(0, unknown.find('=')), flag) : "");
  }
  return escaped(error.what(), max_bytes);
}

} // namespace troupe::app
