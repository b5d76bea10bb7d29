// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Reading the configuration again while everybody stays connected: what of it can change, and what takes a restart.
#pragma once
#include "app/settings.hpp"

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::app {

struct reload_plan {
  settings next;                    ///< To go on with: what runs, with what changes now.
  std::vector<std::string> changed; ///< Keys of that.
  std::vector<std::string> waiting; ///< Keys that take a restart: `next` has them as they were.
};

/// What was valid as a whole need not go together with what stays as it is: check `next`.
/// @param started What the program began with: some things can change only if they were there at first.
/// @param now     What it runs with: `next` of the plan before.
/// @param read    What it has just been told; valid.
[[nodiscard]] reload_plan plan_reload(const settings& started, const settings& now, const settings& read);

/// @throws config_error if what would change contradicts what takes a restart.
void require_valid(const reload_plan& plan);

/// "changed: log.level, api.key; for the next start: listen.port", for people.
[[nodiscard]] std::string to_text(const reload_plan& plan);

/// Keys of all that may change without a restart.
[[nodiscard]] std::vector<std::string> reloadable_keys();

/// Who waits to be told what came of it. Thread: any. Bounded by: commands of the console that are under way.
class reload_requests {
public:
  using outcome = std::function<void(const std::string& text, bool done)>;

  void add(outcome tell);
  /// Tells all, each once, on the calling thread.
  void answer(const std::string& text, bool done);
  /// There is nothing to come: tells all, and at once whoever adds itself from now on, that it failed.
  void end(std::string why);

private:
  std::mutex mutex_;
  std::string ended_; // why; empty: it has not
  std::vector<outcome> waiting_;
};

} // namespace troupe::app
