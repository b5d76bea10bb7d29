// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Options as flags and environment variables of a subcommand, and the way from there to settings.
#pragma once
#include "app/configuration.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace troupe::app {

/// Must outlive the parsing; `command` must outlive it.
class command_line {
public:
  /// Adds --config and a flag for every option to the subcommand.
  explicit command_line(CLI::App& command);

  /// Call after parsing. A flag wins over the environment, that over the file, that over a default.
  /// @returns settings that were validated as a whole.
  /// @throws config_error
  [[nodiscard]] settings load() const;

private:
  [[nodiscard]] bool is_from_environment(const CLI::Option* flag) const;

  CLI::App& command_;
  CLI::Option* config_;
  std::vector<std::pair<const option*, CLI::Option*>> flags_;
};

/// What is wrong with a command line, as one line.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

} // namespace troupe::app
