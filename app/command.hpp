// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Subcommands. Each registers itself with the parser and, if it is the one selected, leaves what is
// to be run; main() runs it after the whole command line was understood.
#pragma once
#include <CLI/CLI.hpp>

#include <functional>
#include <string_view>

namespace troupe::app {

/// Runs a subcommand. @returns the exit code. @throws std::exception when it cannot start, which is
/// exit_code::unusable.
using action = std::function<int()>;

/// See docs/operations.md. A second signal exits with 128 and its number.
namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int failed = 1;   ///< Started, but did not end well.
inline constexpr int unusable = 2; ///< Wrong command line or configuration, or cannot start.
} // namespace exit_code

void add_serve(CLI::App& app, action& selected);
void add_check_config(CLI::App& app, action& selected);
void add_gen_config(CLI::App& app, action& selected);
void add_console(CLI::App& app, action& selected);
void add_doctor(CLI::App& app, action& selected);
void add_new(CLI::App& app, action& selected);
void add_gen_token(CLI::App& app, action& selected);
void add_check_token(CLI::App& app, action& selected);
void add_gen_sub_token(CLI::App& app, action& selected);
void add_check_sub_token(CLI::App& app, action& selected);
void add_version(CLI::App& app, action& selected);

/// "0.1.0"
std::string_view version();

/// Writes to standard output. @returns exit_code::failed if that did not take it all.
int print(std::string_view text);

} // namespace troupe::app
