// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include <functional>

namespace CLI {
class App;
}

namespace troupe::app {

using action =
    std::function<int()>; ///< Runs a subcommand and returns the exit code of the program.

/// Adds the subcommand "bench", the load generator. When it is parsed, `selected` becomes its
/// action: exit code 0 for a faultless run, 1 otherwise, with one line on stderr that says why. The
/// action throws std::invalid_argument, naming the cause, when the options do not fit together.
void add_bench(CLI::App& app, action& selected);

} // namespace troupe::app
